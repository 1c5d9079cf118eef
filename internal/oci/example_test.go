package oci_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/fairway-k8s/fairway/internal/oci"
)

// A platform team packs and signs a catalogue; a team reads it, and only that one.
func Example() {
	dir, err := os.MkdirTemp("", "oci-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	public, err := oci.GenerateKey(filepath.Join(dir, "platform"))
	if err != nil {
		panic(err)
	}
	private, err := oci.ReadPrivateKey(filepath.Join(dir, "platform.pem"))
	if err != nil {
		panic(err)
	}
	catalogue := fstest.MapFS{
		"catalogue.yaml":       {Data: []byte("schemaVersion: 1\nname: shop\ntitle: The golden paths of shop\n")},
		"changelog/1.0.0.yaml": {Data: []byte("version: 1.0.0\ndate: 2026-09-01\nsummary: the first version\n")},
	}
	packed, err := oci.Pack(catalogue, "shop")
	if err != nil {
		panic(err)
	}
	pushed, err := oci.Push(context.Background(), packed, "oci-layout:"+filepath.Join(dir, "layout"), private, false, oci.Options{})
	if err != nil {
		panic(err)
	}
	fsys, digest, err := oci.Open(context.Background(), pushed.Reference, oci.Options{PublicKeys: []oci.PublicKey{public}})
	if err != nil {
		panic(err)
	}
	names, err := fs.Glob(fsys, "changelog/*")
	fmt.Println(names, digest == pushed.Digest(), err)
	// Output: [changelog/1.0.0.yaml] true <nil>
}

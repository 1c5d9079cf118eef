package oci

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/fairway-k8s/fairway/internal/store"
)

// cache is a folder of blobs under their digests, and of signatures under the digest that they are of; "" is none. Nothing in it is trusted:
// blobs are held against their digest and signatures against the key whenever they are read. It cannot fail either: what cannot be read is
// fetched, and what cannot be written is fetched again.
type cache string

func (o Options) cache() cache {
	if o.Cache != "" {
		return cache(o.Cache)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return cache(filepath.Join(dir, "fairway", "catalogues"))
}

func (c cache) blob(d digest.Digest) string {
	return filepath.Join(string(c), "blobs", d.Algorithm().String(), d.Encoded())
}

func (c cache) read(d digest.Digest) ([]byte, bool) {
	if c == "" || d.Validate() != nil {
		return nil, false
	}
	info, err := os.Stat(c.blob(d))
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxArchive {
		return nil, false
	}
	data, err := os.ReadFile(c.blob(d))
	return data, err == nil && d.Algorithm().FromBytes(data) == d
}

func (c cache) write(data []byte) {
	d := digest.FromBytes(data)
	if _, there := c.read(d); c != "" && !there {
		_ = store.WriteFiles([]store.File{{Name: c.blob(d), Data: data}})
	}
}

// signatures returns those that were right at some time for some key.
func (c cache) signatures(of digest.Digest) (out []signature) {
	if c == "" {
		return nil
	}
	data, err := os.ReadFile(c.signature(of))
	if err != nil || json.Unmarshal(data, &out) != nil {
		return nil
	}
	return out
}

func (c cache) signature(of digest.Digest) string {
	return filepath.Join(string(c), "signatures", of.Algorithm().String(), of.Encoded()+".json")
}

func (c cache) writeSignature(of digest.Digest, s signature) {
	if data, err := json.Marshal([]signature{s}); c != "" && err == nil {
		_ = store.WriteFiles([]store.File{{Name: c.signature(of), Data: data}})
	}
}

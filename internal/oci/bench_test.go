package oci

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-containerregistry/pkg/registry"
)

// BenchmarkOpen reads catalogues from the cache by their digest, signatures and all: what each run of a verb pays.
func BenchmarkOpen(b *testing.B) {
	for _, files := range []int{100, 1_500} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			fsys := fstest.MapFS{"catalogue.yaml": {Data: []byte("schemaVersion: 1\nname: shop\n")}}
			for i := range files {
				fsys[fmt.Sprintf("paths/cron-job/1.0.%d/job.yaml", i)] = &fstest.MapFile{Data: make([]byte, 4<<10)}
			}
			a, err := Pack(fsys, "shop")
			if err != nil {
				b.Fatal(err)
			}
			w := newWorld(b, registry.WithReferrersSupport(true))
			key, pub := newKey(b)
			r, err := Push(b.Context(), a, "oci://"+w.host+"/shop:1.0.0", key, false, Options{})
			if err != nil {
				b.Fatal(err)
			}
			o := Options{PublicKeys: []PublicKey{pub}, Cache: b.TempDir()}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Open(b.Context(), r.Pinned, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

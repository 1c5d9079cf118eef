package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fairway-k8s/fairway/internal/report"
)

// TestPictures compares the pictures of docs/probes.md with what the examples draw; -update draws them anew.
func TestPictures(t *testing.T) {
	for name, example := range map[string]string{"probes-one-pod.svg": "boot", "probes-fleet.svg": "cascade"} {
		asked, err := examples(example, 40, 1)
		if err != nil {
			t.Fatal(err)
		}
		a, err := asked[0].answer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		picture := report.SimulationSVG([]*report.Simulation{a})
		if len(picture) > 60_000 {
			t.Errorf("%s has %d bytes, want at most 60,000", name, len(picture))
		}
		file := filepath.Join("../../docs/images", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, picture, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(file); err != nil || string(have) != string(picture) {
			t.Errorf("%s is stale (%v); draw it anew with: make docs", name, err)
		}
	}
}

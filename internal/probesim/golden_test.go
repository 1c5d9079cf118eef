package probesim_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/testkit/probescenario"
)

// What the unmodified kubelet did, written by the module conformance/kubelet (make kubelet-vectors).
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/kubelet-1.*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("vectors of the four minor versions, got %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var vectors []probescenario.Vector
			if err := json.Unmarshal(text, &vectors); err != nil {
				t.Fatal(err)
			}
			if len(vectors) < 100 {
				t.Errorf("only %d vectors", len(vectors))
			}
			for _, want := range vectors {
				got := want
				got.Fill(probescenario.Simulate(want.Play(), want.Choices))
				if d := cmp.Diff([2][]string{want.Events, want.Digests}, [2][]string{got.Events, got.Digests}); d != "" {
					t.Errorf("%s (-kubelet +model)\n%s", want.Name, d)
				}
			}
		})
	}
}

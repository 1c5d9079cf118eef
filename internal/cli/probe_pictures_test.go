package cli

import (
	"os"
	"path/filepath"
	"strings"
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

// TestSimulationKeepsToWidth: no line is longer than the terminal is wide, whatever is shown, and a picture says what happens in it.
func TestSimulationKeepsToWidth(t *testing.T) {
	asked, err := examples("cascade", 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := asked[0].answer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{80, 100} {
		for _, brief := range []bool{false, true} {
			var b strings.Builder
			if err := report.SimulationText(&b, a, report.SimulationOptions{Width: width, Timeline: true, Brief: brief}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if line = strings.TrimSuffix(line, "\n"); report.Width(line) > width {
					t.Errorf("width %d, brief %t: %d columns: %s", width, brief, report.Width(line), line)
				}
			}
		}
	}
	if want := "crash: the processes of 3 of 10 pods exit after 2 min, seed 1"; !strings.Contains(string(report.SimulationSVG([]*report.Simulation{a})), want) {
		t.Errorf("the picture does not say %q", want)
	}
}

package mergejudge_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/testkit/mergejudge"
)

// TestMerge judges merges of random edits of the manifests that paths write: the team's on one side, the path's on the other. MERGE_ROUNDS says how
// many, MERGE_FAILURES a folder for those that are at fault.
func TestMerge(t *testing.T) {
	var all [][]byte
	for _, pattern := range []string{"../../../content/paths/*/*/deploy/*/*.yaml", "../../../examples/catalogue-kore/paths/*/*/k8s/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("nothing at %s: %v", pattern, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, []byte("\nkind: ")) { // no patches: their order counts, and the judge reads them as any list
				all = append(all, data)
			}
		}
	}
	rounds := 500
	if text := os.Getenv("MERGE_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	merged := 0
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 7))
		base := all[rng.IntN(len(all))]
		ours, theirs := mergejudge.Edit(rng, base), mergejudge.Edit(rng, base)
		in := func(data []byte) merge.Input { return merge.Input{source.Parse("a.yaml", data)} }
		r, err := merge.Merge(in(base), in(ours), in(theirs), merge.Options{})
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			keep(t, seed, base, ours, theirs, nil)
			continue
		}
		var conflicts []mergejudge.Conflict
		for _, c := range r.Conflicts {
			conflicts = append(conflicts, mergejudge.Conflict{Object: c.Object.String(), Field: c.Field})
		}
		after := r.Files[0].After
		faults, err := mergejudge.Judge(base, ours, theirs, after, conflicts)
		if err != nil {
			continue // an edit that cannot be read
		}
		merged++
		if faults := mergejudge.Strong(faults); len(faults) > 0 {
			t.Errorf("seed %d: %v, conflicts %v", seed, faults, conflicts)
			keep(t, seed, base, ours, theirs, after)
		}
	}
	if merged < rounds*9/10 {
		t.Errorf("only %d of %d merges could be judged", merged, rounds)
	}
}

// keep writes a merge where MERGE_FAILURES says.
func keep(t *testing.T, seed uint64, base, ours, theirs, merged []byte) {
	folder := os.Getenv("MERGE_FAILURES")
	if folder == "" {
		return
	}
	folder = filepath.Join(folder, strconv.FormatUint(seed, 10))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"base": base, "ours": ours, "theirs": theirs, "merged": merged} {
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

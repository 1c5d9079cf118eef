package main

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/testkit/mergejudge"
)

// random edits manifests of the catalogue on both sides at random, merges them with every engine and writes the table.
func random(args []string) error {
	flags := flag.NewFlagSet("random", flag.ContinueOnError)
	cases := flags.Int("cases", 500, "how many merges")
	seed := flags.Uint64("seed", 1, "of the random edits")
	keep := flags.String("keep", "", "an empty folder for the triples")
	verbose := flags.Bool("v", false, "print the faults of all engines")
	if err := flags.Parse(args); err != nil {
		return err
	}
	engines, err := engines()
	if err != nil {
		return err
	}
	cached, err := cache()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fairway-random")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	hulls, err := lay(filepath.Join(cached, "fairway"), dir)
	if err != nil {
		return err
	}
	if *keep != "" {
		dir = *keep
	}
	var triples []triple
	for i := range *cases {
		rng := rand.New(rand.NewPCG(*seed, uint64(i)))
		files := hulls[i%len(hulls)].base
		names := slices.Sorted(maps.Keys(files))
		base := files[names[rng.IntN(len(names))]]
		t := triple{dir: filepath.Join(dir, "triples", fmt.Sprintf("%04d", i)), base: base, ours: mergejudge.Edit(rng, base), theirs: mergejudge.Edit(rng, base)}
		if err := save(t.dir, t.base, t.ours, t.theirs); err != nil {
			return err
		}
		triples = append(triples, t)
	}
	c, err := compare(engines, triples, *verbose)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "`go run . random -cases %d -seed %d` at %s: manifests of the four shapes, with one to six random edits on each side. Both sides\n"+
		"edit as teams do, so that there is more moving, restyling and commenting out than in a path.\n\n", *cases, *seed, describe())
	c.table(&b, engines)
	fmt.Print(b.String())
	return section(mergePage, "Random edits on both sides", b.String())
}

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/testkit/mergejudge"
)

// score is what one engine made of the files of real forks.
type score struct {
	conflicts  int // files of both sides with conflicts
	needless   int // of these, conflicts where not both changed something; only engines that say where can be asked
	refused    int
	overwrites int // values of the team altered, dropped or brought back in files of both sides
	missing    int // values of the vendor that did not arrive, and no conflict says so
	lost       int // edits of the team lost in files that only the team changed
	comments   int // comments of the team lost or misplaced
	invalid    int // files that are invalid and were not
	restyled   int // files with lines changed for nothing
	unequal    int // files that nobody had edited, and that are not the vendor's new ones byte for byte
}

// forks merges the triples of real forks, DIR/NAME/{base,ours,theirs}.yaml, with every engine and writes the table. DIR/about.txt, when there
// is one, says where they are from.
func forks(args []string) error {
	engines, dirs, err := enginesAndCases(args, "base.yaml")
	if err != nil {
		return err
	}
	var triples []triple
	for _, dir := range dirs {
		t, err := readTriple(dir)
		if err != nil {
			return err
		}
		triples = append(triples, t)
	}
	c, err := compare(engines, triples, slices.Contains(args, "-v"))
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d files of public forks of vendors' manifests: base is the vendor's version that the fork took, ours the fork's file, theirs a later version\n"+
		"of the vendor. %d were edited on both sides, %d only by the team, %d only by the vendor. `go run . forks DIR` at %s.\n\n", c.both+c.ours+c.untouched, c.both, c.ours, c.untouched, describe())
	if about, err := os.ReadFile(filepath.Join(args[0], "about.txt")); err == nil {
		b.Write(append(about, '\n'))
	}
	if c.unreadable > 0 {
		fmt.Fprintf(&b, "%d more have a version that a YAML reader refuses, and are left out.\n\n", c.unreadable)
	}
	c.table(&b, engines)
	b.WriteString("\nA file with conflict markers is not judged further. All other columns are silent: nobody is told.\n")
	fmt.Print(b.String())
	return section(mergePage, "Real forks", b.String())
}

// comparison is what all engines made of some triples.
type comparison struct {
	both, ours, untouched, unreadable int // triples by who edited
	scores                            []score
}

// compare merges triples with every engine. Faults of the first engine are printed, of the others when asked for.
func compare(engines []engine, triples []triple, verbose bool) (c comparison, err error) {
	c.scores = make([]score, len(engines))
	for _, t := range triples {
		if _, err := mergejudge.Judge(t.base, t.ours, t.theirs, t.ours, nil); err != nil {
			c.unreadable++
			continue
		}
		switch {
		case bytes.Equal(t.base, t.ours):
			c.untouched++
		case bytes.Equal(t.base, t.theirs):
			c.ours++
		default:
			c.both++
		}
		for i, engine := range engines {
			o, err := engine.merge(t)
			if err != nil {
				return c, fmt.Errorf("%s: %s: %w", t.dir, engine.name, err)
			}
			faults, err := c.scores[i].add(t, o)
			if err != nil {
				return c, fmt.Errorf("%s: %s: %w", t.dir, engine.name, err)
			}
			if i > 0 && !verbose {
				continue
			}
			for _, f := range faults {
				fmt.Printf("%s: %s: %s\n", filepath.Base(t.dir), engine.name, f)
			}
			if o.refused {
				fmt.Printf("%s: %s: refused\n", filepath.Base(t.dir), engine.name)
			}
		}
	}
	return c, nil
}

// table writes the scores.
func (c comparison) table(b *strings.Builder, engines []engine) {
	columns := []string{"engine", "files with conflicts", "conflicts that are none", "refused", "values of the team overwritten", "values of the vendor missing", "edits lost, one-sided", "comments lost or misplaced", "files made invalid", "files with lines changed for nothing", "untouched files not byte-equal"}
	b.WriteString("| " + strings.Join(columns, " | ") + " |\n" + strings.Repeat("|---", len(columns)) + "|\n")
	for i, engine := range engines {
		s := c.scores[i]
		spurious := fmt.Sprint(s.needless)
		if engine.name == "git merge-file" {
			spurious = "-"
		}
		fmt.Fprintf(b, "| %s | %d | %s | %d | %d | %d | %d | %d | %d | %d | %d of %d |\n", engine.name, s.conflicts, spurious, s.refused, s.overwrites, s.missing, s.lost, s.comments, s.invalid, s.restyled, s.unequal, c.untouched)
	}
}

// add judges one merge and returns its faults.
func (s *score) add(t triple, o outcome) ([]mergejudge.Fault, error) {
	if o.refused {
		s.refused++
		return nil, nil
	}
	if o.conflicted {
		s.conflicts++
		if o.conflicts == nil {
			return nil, nil
		}
	}
	if bytes.Equal(t.base, t.ours) && !bytes.Equal(t.theirs, o.merged) {
		s.unequal++
	}
	faults, err := mergejudge.Judge(t.base, t.ours, t.theirs, o.merged, o.conflicts)
	if err != nil {
		return nil, err
	}
	restyled, invalid := false, false
	for _, f := range faults {
		switch {
		case f.Weak && f.Guarantee == "c":
			s.needless++
		case f.Weak:
		case f.Guarantee == "b":
			s.missing++
		case f.Guarantee == "d":
			restyled = true
		case f.Guarantee == "e":
			s.comments++
		case f.Guarantee == "g":
			invalid = true
		case bytes.Equal(t.base, t.theirs):
			s.lost++
		default:
			s.overwrites++
		}
	}
	if restyled {
		s.restyled++
	}
	if invalid {
		s.invalid++
	}
	return mergejudge.Strong(faults), nil
}

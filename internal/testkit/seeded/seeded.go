// Package seeded holds one good application and more than a hundred ways to break it, one defect each: what a linter can be
// measured with. The clean bundle passes kube-linter's defaults and kube-score with all options; every variant is the bundle with
// a few lines changed.
package seeded

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"strings"
)

//go:embed bundle/*.yaml
var files embed.FS

// Bundle returns the clean application, by file name.
func Bundle() map[string]string {
	out := map[string]string{}
	entries, err := fs.ReadDir(files, "bundle")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		data, err := files.ReadFile("bundle/" + e.Name())
		if err != nil {
			panic(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

// Variant is one defect.
type Variant struct {
	ID     string // P01 ...
	Defect string // in words
	// Rules are the rules of which one must find it; none for a variant that must stay silent.
	Rules []string
	edits []edit
}

// edit replaces the only occurrence of old in a file, or appends when old is "".
type edit struct{ file, old, new string }

// Files returns the bundle with the defect in it.
func (v Variant) Files() (map[string]string, error) {
	out := maps.Clone(Bundle())
	for _, e := range v.edits {
		text, ok := out[e.file]
		switch {
		case e.old == "":
			out[e.file] = text + e.new
		case !ok || strings.Count(text, e.old) != 1:
			return nil, fmt.Errorf("%s: %q stands %d times in %s, want once", v.ID, e.old, strings.Count(text, e.old), e.file)
		default:
			out[e.file] = strings.Replace(text, e.old, e.new, 1)
		}
	}
	return out, nil
}

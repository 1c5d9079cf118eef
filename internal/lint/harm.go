package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// sortKey sorts findings by file, object and rule. An object that is moved to another API version or namespace is the same object.
type sortKey struct {
	file   string
	object finding.Ref
	rule   string
}

func sortOf(file string, f *finding.Finding) sortKey {
	object := f.Object
	object.APIVersion, object.Namespace = "", ""
	return sortKey{file, object, f.Rule}
}

func (a sortKey) compare(b sortKey) int {
	return cmp.Or(cmp.Compare(a.file, b.file), a.object.Compare(b.object), cmp.Compare(a.rule, b.rule))
}

func sorted(findings []*finding.Finding) map[sortKey][]*finding.Finding {
	out := map[sortKey][]*finding.Finding{}
	for _, f := range findings {
		name := f.Place.File
		if file := f.Root.File(); file != nil {
			name = file.Name
		}
		k := sortOf(name, f)
		out[k] = append(out[k], f)
	}
	return out
}

// harm is one thing that edits did which they must not.
type harm struct {
	sortKey
	remains bool // a finding is still there after its fix; otherwise there are new ones
	why     string
	found   []*finding.Finding // those of this sort that there are now
}

func (h harm) sameAs(other harm) bool {
	return h.sortKey == other.sortKey && h.remains == other.remains
}

// harmsOf compares the check after a trial with the one before. The harms come in a fixed order.
func harmsOf(was, is *Result, edits map[string]*edit) []harm {
	var harms []harm
	before, now := sorted(was.Findings), sorted(is.Findings)
	for k, found := range now {
		if len(found) > len(before[k]) {
			harms = append(harms, harm{k, false, fmt.Sprintf("it would make %s break %s", found[0].Object, k.rule), found})
		}
	}
	mended := map[sortKey]int{}
	for name, e := range edits {
		for _, f := range e.done {
			mended[sortOf(name, f)]++
		}
	}
	for k, n := range mended {
		if n := len(before[k]) - n; len(now[k]) > n && len(now[k]) <= len(before[k]) {
			harms = append(harms, harm{k, true, fmt.Sprintf("%s would still be found in %s", k.rule, now[k][0].Object), now[k]})
		}
	}
	slices.SortFunc(harms, func(a, b harm) int {
		return a.sortKey.compare(b.sortKey)
	})
	return harms
}

// blame says for each harm which fixes may have done it: the nearest ones that there are. No fix is under two suspicions, and a harm
// for which none is left has no suspicion; it shows again in the next trial if it was another's.
func (m *mender) blame(harms []harm, edits map[string]*edit) []suspicion {
	scope := map[string]string{}
	for _, t := range m.input.Objects {
		scope[t.Root.File().Name] = t.Scope
	}
	// A harm and a fix are near each other when they have the same key. From the nearest to the farthest: the fix of that very
	// finding, those of that object, file and scope, all.
	type key struct {
		sortKey
		remains bool
		scope   string
	}
	for _, narrow := range []func(k sortKey, remains bool) key{
		func(k sortKey, remains bool) key { return key{sortKey: k, remains: remains} },
		func(k sortKey, _ bool) key { return key{sortKey: sortKey{file: k.file, object: k.object}} },
		func(k sortKey, _ bool) key { return key{sortKey: sortKey{file: k.file}} },
		func(k sortKey, _ bool) key { return key{scope: scope[k.file]} },
		func(sortKey, bool) key { return key{} },
	} {
		near := map[key][]findingKey{}
		for _, name := range slices.Sorted(maps.Keys(edits)) {
			for _, f := range edits[name].done {
				k := narrow(sortOf(name, f), true)
				near[k] = append(near[k], keyOf(f))
			}
		}
		var out []suspicion
		for _, h := range harms {
			k := narrow(h.sortKey, h.remains)
			if group := near[k]; len(group) > 0 {
				out = append(out, suspicion{h, [][]findingKey{slices.Compact(group)}})
				delete(near, k)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

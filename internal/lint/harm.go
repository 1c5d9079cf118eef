package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// class is what findings have in common that say the same kind of thing: file, object and rule. An object that is moved to another API
// version or namespace is the same object.
type class struct {
	file   string
	object finding.Ref
	rule   string
}

func classOf(file string, f *finding.Finding) class {
	object := f.Object
	object.APIVersion, object.Namespace = "", ""
	return class{file, object, f.Rule}
}

func (a class) compare(b class) int {
	return cmp.Or(cmp.Compare(a.file, b.file), a.object.Compare(b.object), cmp.Compare(a.rule, b.rule))
}

func byClass(findings []*finding.Finding) map[class][]*finding.Finding {
	out := map[class][]*finding.Finding{}
	for _, f := range findings {
		name := f.Place.File
		if file := f.Root.File(); file != nil {
			name = file.Name
		}
		k := classOf(name, f)
		out[k] = append(out[k], f)
	}
	return out
}

// harm is one thing that edits did which they must not.
type harm struct {
	class
	remains bool // a finding is still there after its fix; otherwise there are new ones
	why     string
	found   []*finding.Finding // those of this sort that there are now
}

func (h harm) sameAs(other harm) bool {
	return h.class == other.class && h.remains == other.remains
}

// harmsOf compares the check after a trial with the one before. The harms come in a fixed order.
func harmsOf(was, is *Result, edits map[string]*edit) []harm {
	var harms []harm
	before, now := byClass(was.Findings), byClass(is.Findings)
	for k, found := range now {
		if len(found) > len(before[k]) {
			harms = append(harms, harm{k, false, fmt.Sprintf("it would make %s break %s", found[0].Object, k.rule), found})
		}
	}
	mended := map[class]int{}
	for name, e := range edits {
		for _, f := range e.done {
			mended[classOf(name, f)]++
		}
	}
	for k, n := range mended {
		if n := len(before[k]) - n; len(now[k]) > n && len(now[k]) <= len(before[k]) {
			harms = append(harms, harm{k, true, fmt.Sprintf("%s would still be found in %s", k.rule, now[k][0].Object), now[k]})
		}
	}
	slices.SortFunc(harms, func(a, b harm) int {
		return a.class.compare(b.class)
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
		class
		remains bool
		scope   string
	}
	for _, narrow := range []func(k class, remains bool) key{
		func(k class, remains bool) key { return key{class: k, remains: remains} },
		func(k class, _ bool) key { return key{class: class{file: k.file, object: k.object}} },
		func(k class, _ bool) key { return key{class: class{file: k.file}} },
		func(k class, _ bool) key { return key{scope: scope[k.file]} },
		func(class, bool) key { return key{} },
	} {
		near := map[key][]findingKey{}
		for _, name := range slices.Sorted(maps.Keys(edits)) {
			for _, f := range edits[name].done {
				k := narrow(classOf(name, f), true)
				near[k] = append(near[k], keyOf(f))
			}
		}
		var out []suspicion
		for _, h := range harms {
			k := narrow(h.class, h.remains)
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

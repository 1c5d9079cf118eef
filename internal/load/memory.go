package load

import (
	"maps"
	"slices"

	"github.com/fairway-k8s/fairway/internal/source"
)

// Strings reads manifests that are in memory, by their file names, as if they had been named on the command line.
func Strings(manifests map[string]string) *Input {
	in := &Input{}
	for _, name := range slices.Sorted(maps.Keys(manifests)) {
		u := &unit{entry: entry{name: name, explicit: true}}
		(&loader{}).take(u, []byte(manifests[name]))
		in.addUnit(u)
	}
	in.sort()
	return in
}

func (in *Input) addUnit(u *unit) {
	in.Stats.add(u)
	in.Objects = append(in.Objects, u.trees...)
	in.Skipped = append(in.Skipped, u.skipped...)
	in.Failures = append(in.Failures, u.failures...)
	in.Artifacts = append(in.Artifacts, u.artifacts...)
	in.Declared = append(in.Declared, u.declared...)
	if u.file != nil {
		in.Files = append(in.Files, u.file)
	}
}

// Replace returns the input with some files in a later state, such as after an edit. Objects of these files are read again;
// builds are not made again, but an object whose file of origin changed has its new origin.
func (in *Input) Replace(later map[*source.File]*source.File) *Input {
	out := *in
	out.Files = slices.Clone(in.Files)
	for i, f := range out.Files {
		if now := later[f]; now != nil {
			out.Files[i] = now
		}
	}
	out.Objects = nil
	origin := map[source.Node]source.Node{} // old to new, for the files that changed
	done := map[*source.File]bool{}
	for _, t := range in.Objects {
		f := t.Root.File()
		now := later[f]
		if now == nil {
			out.Objects = append(out.Objects, t)
			continue
		}
		if done[f] {
			continue
		}
		done[f] = true
		u := &unit{entry: entry{name: f.Name, explicit: true}, file: now}
		u.sort(t.Scope)
		for k := range u.trees {
			u.trees[k].Built, u.trees[k].Scope = t.Built, t.Scope
		}
		if t.Built {
			u.keepOrigins(in.Objects, f)
		}
		out.Objects = append(out.Objects, u.trees...)
	}
	for i := range out.Objects {
		t := &out.Objects[i]
		f := t.Origin.File()
		now := later[f]
		if now == nil || f == t.Root.File() {
			continue
		}
		if _, ok := origin[t.Origin]; !ok {
			origin[t.Origin] = SameNode(t.Origin, now)
		}
		if n := origin[t.Origin]; !n.IsZero() {
			t.Origin = n
		} else {
			t.Origin = t.Root
		}
	}
	return &out
}

// keepOrigins gives the objects of a build that was edited in memory the origins they had.
func (u *unit) keepOrigins(objects []Tree, old *source.File) {
	k := 0
	for _, t := range objects {
		if t.Root.File() != old || k >= len(u.trees) {
			continue
		}
		if t.Origin != t.Root {
			u.trees[k].Origin = t.Origin
		}
		k++
	}
}

// SameNode finds the node that stands for the same document, or the same item of a List, in a later state of n's file. It is the
// zero Node when the file changed too much.
func SameNode(n source.Node, later *source.File) source.Node {
	f := n.File()
	i := DocumentOf(n)
	if i < 0 || i >= len(later.Docs) {
		return source.Node{}
	}
	old, now := f.Docs[i].Root, later.Docs[i].Root
	if old == n || old.Resolve() == n {
		return now.Resolve()
	}
	for k, item := range old.Get("items").Items() {
		if item.Resolve() == n {
			return now.Get("items").Item(k).Resolve()
		}
	}
	return source.Node{}
}

// DocumentOf returns the index of the document that holds n, -1 for a node without a file.
func DocumentOf(n source.Node) int {
	f := n.File()
	if f == nil {
		return -1
	}
	at := n.Span().Start
	i, found := slices.BinarySearchFunc(f.Docs, at, func(d source.Document, at int) int {
		switch {
		case d.Span.End <= at:
			return -1
		case d.Span.Start > at:
			return 1
		}
		return 0
	})
	if !found {
		return -1
	}
	return i
}

// FileByName returns a function that finds a file of the input by its name, nil when there is none.
func (in *Input) FileByName() func(string) *source.File {
	byName := make(map[string]*source.File, len(in.Files))
	for _, f := range in.Files {
		byName[f.Name] = f
	}
	return func(name string) *source.File { return byName[name] }
}

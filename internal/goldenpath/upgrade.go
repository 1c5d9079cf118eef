package goldenpath

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Upgrade is what comes to a service when its files are brought to another rendering: a new version of the path, other parameters, or the same
// again to repair drift.
type Upgrade struct {
	// Items are the named changes of defaults that have something to do in this service, in the order of the changelog, and last, without a
	// name, what comes from elsewhere: parameters of the service file that have another value.
	Items []*Item
	// Result is the merge of all that is taken.
	Result *merge.Result
	// Ancestor is the rendering less what is not taken, so that the next upgrade offers that again.
	Ancestor *Ancestor
}

// Item is one change of a default in one service.
type Item struct {
	Change    *Change // nil for what has no name
	Taken     bool
	Changes   []merge.Change
	Conflicts []merge.Conflict // that nothing was decided about
	Settled   []merge.Conflict // that were decided
}

// ID is what the item is called: the change's, or parameters.
func (x *Item) ID() string {
	if x.Change == nil {
		return Parameters
	}
	return x.Change.ID
}

// Parameters is the ID of what changes because the service file says something else, not because a default changed.
const Parameters = "parameters"

// Selection says what of an upgrade is taken. All are asked with the ID of an item.
type Selection struct {
	Skips   func(id string) bool // it is left for later
	Prefers func(id string) bool // where the team changed the same, the path's value is taken
	Keeps   func(id string) bool // where the team changed the same, its value stays for good
}

// PlanUpgrade merges a rendering into a service's files. changes are those that give it names; files that are not YAML are merged by line. Where
// both changed something and nothing was decided, the team's value stays and the ancestor too, so that it comes up again.
// The error is a *merge.ProofError when the result is not what it should be.
func PlanUpgrade(base *Ancestor, ours []Rendered, rendering *Ancestor, changes []*Change, s Selection) (*Upgrade, error) {
	id := func(o merge.Object, field string) string {
		if x := changeFor(changes, o.Kind, field); x != nil {
			return x.ID
		}
		return Parameters
	}
	// A conflict and a comment may stand above what a change touches: a probe that the team took out, whose period the path changed; a remark
	// at the end of the limits, where one is gone.
	above := func(o merge.Object, field string) string {
		if own := id(o, field); own != Parameters {
			return own
		}
		if i := slices.IndexFunc(changes, func(x *Change) bool { return x.below(o.Kind, field) }); i >= 0 {
			return changes[i].ID
		}
		return Parameters
	}
	ofChange := func(c merge.Change) string {
		if c.Op == merge.Comment {
			return above(c.Object, c.Field)
		}
		return id(c.Object, c.Field)
	}
	was, mine, theirs := parsed(base.Files), parsed(ours), parsed(rendering.Files)
	whole, err := merge.Merge(was, mine, theirs, merge.Options{})
	if err != nil {
		return nil, err
	}
	up := &Upgrade{Result: whole, Ancestor: rendering}
	up.collect(whole, changes, ofChange, above, s)

	var open []merge.Conflict
	for _, x := range up.Items {
		open = append(open, x.Conflicts...)
	}
	skip := func(o merge.Object, field string) bool {
		return s.Skips(id(o, field)) || slices.ContainsFunc(changes, func(x *Change) bool { return s.Skips(x.ID) && x.below(o.Kind, field) }) ||
			slices.ContainsFunc(open, func(c merge.Conflict) bool { return c.Object == o && strings.HasPrefix(field, c.Field) })
	}
	if len(open) > 0 || slices.ContainsFunc(up.Items, func(x *Item) bool { return !x.Taken }) {
		taken, err := merge.Merge(was, was, theirs, merge.Options{Skip: skip})
		if err != nil {
			return nil, err
		}
		up.Ancestor = &Ancestor{Path: rendering.Path, Files: FilesOf(taken)}
		// In the order of the ancestor before it, so that its own difference is short.
		place := func(f Rendered) int {
			i := slices.IndexFunc(base.Files, func(x Rendered) bool { return x.Name == f.Name })
			if i < 0 {
				return len(base.Files)
			}
			return i
		}
		slices.SortStableFunc(up.Ancestor.Files, func(a, b Rendered) int { return cmp.Compare(place(a), place(b)) })
		theirs = parsed(up.Ancestor.Files)
	}
	prefer := func(o merge.Object, field string) bool {
		return slices.ContainsFunc(whole.Conflicts, func(c merge.Conflict) bool { return c.Object == o && c.Field == field }) && s.Prefers(above(o, field))
	}
	if up.Ancestor != rendering || slices.ContainsFunc(whole.Conflicts, func(c merge.Conflict) bool { return prefer(c.Object, c.Field) }) {
		if up.Result, err = merge.Merge(was, mine, theirs, merge.Options{Prefer: prefer}); err != nil {
			return nil, err
		}
	}
	return up, nil
}

// collect sorts what would change by the names of the changes. Conflicts that are settled are not among them.
func (up *Upgrade) collect(whole *merge.Result, changes []*Change, ofChange func(merge.Change) string, ofConflict func(merge.Object, string) string, s Selection) {
	items := map[string]*Item{}
	for _, x := range append(slices.Clone(changes), nil) {
		item := &Item{Change: x}
		item.Taken = !s.Skips(item.ID())
		items[item.ID()] = item
		up.Items = append(up.Items, item)
	}
	for _, c := range whole.Changes {
		x := items[ofChange(c)]
		x.Changes = append(x.Changes, c)
	}
	for _, c := range whole.Conflicts {
		x := items[ofConflict(c.Object, c.Field)]
		if s.Prefers(x.ID()) || s.Keeps(x.ID()) {
			x.Settled = append(x.Settled, c)
		} else {
			x.Conflicts = append(x.Conflicts, c)
		}
	}
	up.Items = slices.DeleteFunc(up.Items, func(x *Item) bool { return len(x.Changes)+len(x.Conflicts)+len(x.Settled) == 0 })
}

// Deviations compares a service's files with their ancestor: what the team holds different from the path. Where manifests were there before the path, what
// the path does not speak of is no difference, and neither is an object that they never had.
func Deviations(base *Ancestor, ours []Rendered, adopted *Adopted) ([]merge.Change, error) {
	r, err := merge.Merge(parsed(base.Files), parsed(base.Files), parsed(ours), merge.Options{})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(r.Changes, func(c merge.Change) bool {
		return c.Op == merge.Comment || adopted != nil && (c.Op == merge.Add || c.Op == merge.Remove && elsewhere(c.Object, c.Field))
	}), nil
}

func parsed(files []Rendered) (in merge.Input) {
	for _, f := range files {
		in = append(in, source.Parse(f.Name, f.Data))
	}
	return in
}

// FilesOf returns the files that a merge leaves.
func FilesOf(r *merge.Result) (out []Rendered) {
	for _, f := range r.Files {
		if f.After != nil {
			out = append(out, Rendered{f.Name, f.After})
		}
	}
	return out
}

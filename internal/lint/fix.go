package lint

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Mended is what Fix did.
type Mended struct {
	// Files are the files that changed, in the order of their names. Nothing has been written.
	Files []MendedFile
	// Fixed are the findings that are gone, Refused those whose fix did not pass (see the package comment).
	Fixed   []*finding.Finding
	Refused []Refusal
	// Input is the input as mended, After the check of it.
	Input *load.Input
	After *Result
}

// MendedFile is a file before and after.
type MendedFile struct {
	Name          string
	Before, After []byte
}

// Refusal says why a fix was not taken.
type Refusal struct {
	Finding *finding.Finding
	Reason  string
}

// maxPasses bounds the passes of Fix. A fix may reveal another finding that has a fix of its own; no chain of our rules is longer.
const maxPasses = 8

// Fix applies the fixes of all findings that Check reports.
func Fix(in *load.Input, o Options) (*Mended, error) {
	before, err := Check(in, o)
	if err != nil {
		return nil, err
	}
	m := &mender{options: o, input: in, result: before, refused: map[findingKey]string{}, cautious: map[string]bool{}}
	for range maxPasses {
		changed, err := m.pass()
		if err != nil {
			return nil, err
		}
		if !changed && len(m.retry) == 0 {
			break
		}
	}
	for len(m.retry) > 0 { // files in which fixes have to be tried one at a time
		if _, err := m.pass(); err != nil {
			return nil, err
		}
	}
	return m.finish(in), nil
}

// findingKey names a finding across passes.
type findingKey struct {
	file   string
	object finding.Ref
	rule   string
	field  string
}

func keyOf(f *finding.Finding) findingKey {
	return findingKey{f.Root.File().Name, f.Object, f.Rule, f.Field}
}

type mender struct {
	options  Options
	input    *load.Input
	result   *Result
	fixed    []*finding.Finding
	refused  map[findingKey]string
	refusals []Refusal
	// cautious are the files in which a fix did harm: there, one fix is tried a pass. retry are those with fixes left.
	cautious, retry map[string]bool
}

// pass applies the fixes of the current findings and keeps, file by file, what passes the gates.
func (m *mender) pass() (changed bool, err error) {
	m.retry = map[string]bool{}
	byFile := m.fixable()
	edits := map[string]*edit{}
	for file, findings := range byFile {
		e := m.apply(file, findings)
		if len(e.done) == 0 {
			continue
		}
		edits[file.Name] = e
		if m.cautious[file.Name] && len(findings) > 1 {
			m.retry[file.Name] = true
		}
	}
	if len(edits) == 0 {
		return false, nil
	}
	input, after, err := m.check(edits)
	if err != nil {
		return false, err
	}
	harm := m.judge(after, edits)
	for name, why := range harm {
		e := edits[name]
		if !m.cautious[name] && len(e.done) > 1 {
			m.cautious[name], m.retry[name] = true, true
		} else {
			for _, f := range e.done {
				m.refuse(f, why)
			}
			m.retry[name] = len(byFile[e.before]) > len(e.done)
		}
		delete(edits, name)
	}
	m.prune()
	if len(harm) > 0 {
		if len(edits) == 0 {
			return len(m.retry) > 0, nil
		}
		if input, after, err = m.check(edits); err != nil {
			return false, err
		}
	}
	for _, e := range edits {
		m.fixed = append(m.fixed, e.done...)
	}
	m.input, m.result = input, after
	return true, nil
}

// fixable returns the findings that can be tried, by the file that their fix changes. What a build made is no file.
func (m *mender) fixable() map[*source.File][]*finding.Finding {
	made := map[*source.File]bool{}
	for _, t := range m.input.Objects {
		if t.Built {
			made[t.Root.File()] = true
		}
	}
	out := map[*source.File][]*finding.Finding{}
	for _, f := range m.result.Findings {
		if file := f.Root.File(); f.Fix != nil && file != nil && !made[file] && m.refused[keyOf(f)] == "" {
			out[file] = append(out[file], f)
		}
	}
	return out
}

// check checks the input with edits in place. The builds that the edited files went into are edited alike.
func (m *mender) check(edits map[string]*edit) (*load.Input, *Result, error) {
	later := map[*source.File]*source.File{}
	built := map[source.Node][]load.Tree{}
	for _, t := range m.input.Objects {
		if t.Built && t.Origin != t.Root {
			built[t.Origin] = append(built[t.Origin], t)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		e := edits[name]
		later[e.before] = e.after
		for _, f := range e.done {
			for _, t := range built[f.Root] {
				build := t.Root.File()
				at := cmp.Or(later[build], build)
				if next, _, err := at.Apply(load.SameNode(t.Root, at), f.Fix.Changes...); err == nil {
					later[build] = next
				} // else the build keeps the finding, and the gate sees it
			}
		}
	}
	input := m.input.Replace(later)
	after, err := Check(input, m.options)
	return input, after, err
}

// prune drops the files from retry that need no further pass.
func (m *mender) prune() {
	for name, again := range m.retry {
		if !again {
			delete(m.retry, name)
		}
	}
}

// edit is what a pass does to one file.
type edit struct {
	before, after *source.File
	done          []*finding.Finding // whose changes are in after
}

// apply makes the changes of findings in one file, one finding after another; in a cautious file, of the first only.
func (m *mender) apply(file *source.File, findings []*finding.Finding) *edit {
	e := &edit{before: file, after: file}
	for _, f := range findings {
		root := load.SameNode(f.Root, e.after)
		if root.IsZero() {
			continue // an earlier fix moved it; the next pass sees it in its new place
		}
		next, edits, err := e.after.Apply(root, f.Fix.Changes...)
		if err != nil {
			m.refuse(f, err.Error())
			continue
		}
		if len(edits) == 0 {
			continue // an earlier fix mended it as well
		}
		e.after = next
		e.done = append(e.done, f)
		if m.cautious[file.Name] {
			break
		}
	}
	return e
}

func (m *mender) refuse(f *finding.Finding, why string) {
	m.refused[keyOf(f)] = why
	m.refusals = append(m.refusals, Refusal{f, why})
}

// counts of findings by file, object and rule.
type countKey struct {
	file   string
	object finding.Ref
	rule   string
}

func count(findings []*finding.Finding) map[countKey]int {
	out := map[countKey]int{}
	for _, f := range findings {
		name := f.Place.File
		if file := f.Root.File(); file != nil {
			name = file.Name
		}
		out[countKey{name, f.Object, f.Rule}]++
	}
	return out
}

// judge compares the check after a pass with the one before. It returns the files whose edits did harm, with the reason.
func (m *mender) judge(after *Result, edits map[string]*edit) map[string]string {
	harm := map[string]string{}
	before, now := count(m.result.Findings), count(after.Findings)
	for k, n := range now {
		if n <= before[k] {
			continue
		}
		why := fmt.Sprintf("it would make %s break %s", k.object, k.rule)
		if edits[k.file] != nil {
			harm[k.file] = why
			continue
		}
		for name := range edits { // a neighbour's edit did it; which one is not known
			harm[name] = cmp.Or(harm[name], why)
		}
	}
	for name, e := range edits {
		mended := map[countKey]int{}
		for _, f := range e.done {
			mended[countKey{name, f.Object, f.Rule}]++
		}
		for k, n := range mended {
			if now[k] > before[k]-n {
				harm[name] = cmp.Or(harm[name], fmt.Sprintf("%s would still be found in %s", k.rule, k.object))
			}
		}
	}
	return harm
}

func (m *mender) finish(in *load.Input) *Mended {
	out := &Mended{Fixed: m.fixed, Refused: m.refusals, Input: m.input, After: m.result}
	slices.SortFunc(out.Fixed, (*finding.Finding).Compare)
	slices.SortFunc(out.Refused, func(a, b Refusal) int { return a.Finding.Compare(b.Finding) })
	old := map[string][]byte{}
	for _, f := range in.Files {
		old[f.Name] = f.Data
	}
	for _, f := range m.input.Files {
		if was, ok := old[f.Name]; ok && !bytes.Equal(was, f.Data) {
			out.Files = append(out.Files, MendedFile{f.Name, was, f.Data})
		}
	}
	slices.SortFunc(out.Files, func(a, b MendedFile) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

package lint

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
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

// maxPasses bounds how often Fix looks for more. A fix may reveal another finding that has a fix of its own; no chain of our rules
// is longer.
const maxPasses = 8

// maxTrials bounds the checks that Fix spends on finding out which fixes do harm; what is still held then is left as it was.
const maxTrials = 60

// Fix applies the fixes of all findings that Check reports. Harm is looked for among all rules that the policy and the profile
// switch on and in what the API server says, also where the options narrow what is reported.
//
// A trial applies many fixes at once and costs one check. When it does harm, the fixes that may have done it are held and the others
// tried again; once those are in, half of each held group is tried, until the one that does harm stands alone and is refused.
// Groups are narrowed side by side: what one refusal costs, a thousand in as many objects cost.
func Fix(in *load.Input, o Options) (*Mended, error) {
	m := &mender{options: o, gate: gateOf(o), input: in, refused: map[findingKey]bool{}, struck: map[findingKey]bool{}}
	m.narrowed = len(o.Only) > 0 || o.Within != nil || o.Baseline != nil || m.gate.Policy != o.Policy
	var err error
	if m.result, m.wanted, err = m.check(in); err != nil {
		return nil, err
	}
	for trials, taken := 0, 0; taken < maxPasses && trials < maxTrials; trials++ {
		took, more, err := m.trial()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if took && len(m.held) == 0 {
			taken++
		}
	}
	return m.finish(in), nil
}

// gateOf returns the options under which harm is looked for: everything that is on, the rules that are asked for by name, and in any
// case what the API server says.
func gateOf(o Options) Options {
	only := o.Only
	o.Only, o.Within, o.Baseline = nil, nil, nil
	p := rule.Policy{}
	if o.Policy != nil {
		p = *o.Policy
	}
	rules := maps.Clone(p.Rules)
	if rules == nil {
		rules = map[string]rule.RulePolicy{}
	}
	maps.DeleteFunc(rules, func(id string, p rule.RulePolicy) bool {
		r := o.Catalogue.Rule(id)
		return r != nil && r.External && p.Severity == finding.Off.String()
	})
	for _, id := range only {
		if _, ok := rules[id]; !ok {
			rules[id] = rule.RulePolicy{}
		}
	}
	if len(only) > 0 || len(rules) != len(p.Rules) {
		p.Rules = rules
		o.Policy = &p
	}
	return o
}

// findingKey names a finding across trials.
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
	options, gate Options
	narrowed      bool // options ask for less than gate
	input         *load.Input
	result        *Result // under gate
	wanted        *Result // under options
	fixed         []*finding.Finding
	refusals      []Refusal
	refused       map[findingKey]bool
	// held are groups of fixes one of which did harm, or is suspected to; struck are all fixes that were ever in one.
	held   [][]findingKey
	struck map[findingKey]bool
}

// check checks an input under both options.
func (m *mender) check(in *load.Input) (result, wanted *Result, err error) {
	if result, err = Check(in, m.gate); err != nil || !m.narrowed {
		return result, result, err
	}
	wanted, err = Check(in, m.options)
	return result, wanted, err
}

// trial tries all fixes that are neither refused nor held, and takes them when they do no harm.
func (m *mender) trial() (took, more bool, err error) {
	edits := map[string]*edit{}
	for file, findings := range m.fixable() {
		if e := m.apply(file, findings); len(e.done) > 0 {
			edits[file.Name] = e
		}
	}
	if len(edits) == 0 {
		return false, m.release(), nil
	}
	input := m.edited(edits)
	after, err := Check(input, m.gate)
	if err != nil {
		return false, false, err
	}
	if harms := m.judge(after, edits); len(harms) > 0 {
		m.blame(harms, edits)
		return false, true, nil
	}
	for _, e := range edits {
		m.fixed = append(m.fixed, e.done...)
	}
	m.input, m.result, m.wanted = input, after, after
	if m.narrowed {
		if m.wanted, err = Check(input, m.options); err != nil {
			return false, false, err
		}
	}
	m.release()
	return true, true, nil
}

// release lets the first half of every held group be tried. It reports whether there was one.
func (m *mender) release() bool {
	groups := m.held
	m.held = nil
	for _, g := range groups {
		if rest := g[(len(g)+1)/2:]; len(rest) > 0 {
			m.held = append(m.held, rest)
		}
	}
	return len(groups) > 0
}

// blame holds the fixes that may have done harm, and refuses one that did so again when it was the only one.
func (m *mender) blame(harms []harm, edits map[string]*edit) {
	slices.SortFunc(harms, func(a, b harm) int {
		return cmp.Or(cmp.Compare(a.file, b.file), a.object.Compare(b.object), cmp.Compare(a.rule, b.rule))
	})
	var all []*finding.Finding
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		all = append(all, edits[name].done...)
	}
	scope := map[string]string{}
	for _, t := range m.input.Objects {
		scope[t.Root.File().Name] = t.Scope
	}
	// From the nearest suspects to the farthest: the fix of that finding, those of that object, file and scope, all.
	for _, suspect := range []func(h harm, f *finding.Finding) bool{
		func(h harm, f *finding.Finding) bool { return h.remains && f.Object == h.object && f.Rule == h.rule },
		func(h harm, f *finding.Finding) bool { return f.Root.File().Name == h.file && f.Object == h.object },
		func(h harm, f *finding.Finding) bool { return f.Root.File().Name == h.file },
		func(h harm, f *finding.Finding) bool { return scope[f.Root.File().Name] == scope[h.file] },
		func(harm, *finding.Finding) bool { return true },
	} {
		blamed := map[findingKey]bool{}
		for _, h := range harms {
			var group []findingKey
			var last *finding.Finding
			for _, f := range all {
				if k := keyOf(f); suspect(h, f) && !blamed[k] {
					blamed[k] = true
					group, last = append(group, k), f
				}
			}
			switch {
			case len(group) == 0:
			case len(group) == 1 && (h.remains || m.struck[group[0]]):
				m.refuse(last, h.why)
			default:
				m.held = append(m.held, group)
				for _, k := range group {
					m.struck[k] = true
				}
			}
		}
		if len(blamed) > 0 {
			return // what is left over shows again in the next trial
		}
	}
}

// made returns what builds made: texts that are no files, so that nothing can be written into them.
func (m *mender) made() map[*source.File]bool {
	made := map[*source.File]bool{}
	for _, t := range m.input.Objects {
		if t.Built {
			made[t.Root.File()] = true
		}
	}
	return made
}

// fixable returns the findings to be tried, by the file that their fix changes.
func (m *mender) fixable() map[*source.File][]*finding.Finding {
	made := m.made()
	later := map[findingKey]bool{}
	for _, g := range m.held {
		for _, k := range g {
			later[k] = true
		}
	}
	out := map[*source.File][]*finding.Finding{}
	for _, f := range m.wanted.Findings {
		if file := f.Root.File(); f.Fix == nil || file == nil || made[file] {
			continue
		} else if k := keyOf(f); !m.refused[k] && !later[k] {
			out[file] = append(out[file], f)
		}
	}
	return out
}

// edited returns the input with edits in place. The builds that the edited files went into are edited alike.
func (m *mender) edited(edits map[string]*edit) *load.Input {
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
	return m.input.Replace(later)
}

// edit is what a trial does to one file.
type edit struct {
	before, after *source.File
	done          []*finding.Finding // whose changes are in after
}

// apply makes the changes of findings in one file, one finding after another. What does not go together with those before it is
// left for the next trial.
func (m *mender) apply(file *source.File, findings []*finding.Finding) *edit {
	e := &edit{before: file, after: file}
	for _, f := range findings {
		root := load.SameNode(f.Root, e.after)
		if root.IsZero() {
			continue
		}
		next, edits, err := e.after.Apply(root, f.Fix.Changes...)
		switch {
		case err == nil && len(edits) > 0:
			e.after = next
			e.done = append(e.done, f)
		case len(e.done) > 0:
		case err != nil:
			m.refuse(f, err.Error())
		default:
			m.refuse(f, "its fix changes nothing")
		}
	}
	return e
}

func (m *mender) refuse(f *finding.Finding, why string) {
	m.refused[keyOf(f)] = true
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

// harm is one thing that edits did which they must not.
type harm struct {
	countKey
	remains bool // a finding is still there after its fix; otherwise it is a new one
	why     string
}

// judge compares the check after a trial with the one before.
func (m *mender) judge(after *Result, edits map[string]*edit) []harm {
	var harms []harm
	before, now := count(m.result.Findings), count(after.Findings)
	for k, n := range now {
		if n > before[k] {
			harms = append(harms, harm{k, false, fmt.Sprintf("it would make %s break %s", k.object, k.rule)})
		}
	}
	mended := map[countKey]int{}
	for name, e := range edits {
		for _, f := range e.done {
			mended[countKey{name, f.Object, f.Rule}]++
		}
	}
	for k, n := range mended {
		if now[k] <= before[k] && now[k] > before[k]-n {
			harms = append(harms, harm{k, true, fmt.Sprintf("%s would still be found in %s", k.rule, k.object)})
		}
	}
	return harms
}

func (m *mender) finish(in *load.Input) *Mended {
	out := &Mended{Fixed: m.fixed, Refused: m.refusals, Input: m.input, After: m.wanted}
	slices.SortFunc(out.Fixed, (*finding.Finding).Compare)
	slices.SortFunc(out.Refused, func(a, b Refusal) int { return a.Finding.Compare(b.Finding) })
	old := map[string][]byte{}
	for _, f := range in.Files {
		old[f.Name] = f.Data
	}
	made := m.made()
	for _, f := range m.input.Files {
		if was, ok := old[f.Name]; ok && !made[f] && !bytes.Equal(was, f.Data) {
			out.Files = append(out.Files, MendedFile{f.Name, was, f.Data})
		}
	}
	slices.SortFunc(out.Files, func(a, b MendedFile) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

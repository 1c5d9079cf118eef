package lint

import (
	"bytes"
	"cmp"
	"context"
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

// Fix applies the fixes of all findings that Check reports. Harm is looked for among all rules that the policy and the profile
// switch on and in what the API server says, also where the options narrow what is reported.
//
// It works in rounds, until one takes nothing. A round starts from nothing but the input as it is by then; the last one is thus what
// a second run would do, and that changes nothing. Every fix that is taken removes findings and adds none, so rounds come to an end.
//
// When ctx ends, Fix returns its error: nothing is half mended.
func Fix(ctx context.Context, in *load.Input, o Options) (*Mended, error) {
	m := &mender{options: o, gate: gateOf(o), judge: &judge{version: o.Version, keep: true}, banned: map[findingKey]string{}}
	m.narrowed = len(o.Only) > 0 || o.Within != nil || o.Baseline != nil || m.gate.Policy != o.Policy
	for {
		if err := m.mend(ctx, in); err != nil {
			return nil, err
		}
		out := m.finish(in)
		if o.Reload == nil {
			return out, nil
		}
		before := len(m.banned)
		if err := m.rebuild(in, out); err != nil {
			return nil, err
		}
		if len(m.banned) == before {
			return out, nil
		}
	}
}

// mend does all rounds, from the input as it was loaded.
func (m *mender) mend(ctx context.Context, in *load.Input) (err error) {
	if m.start == nil {
		if m.start, err = check(in, m.gate, m.judge); err != nil {
			return err
		}
	}
	m.input, m.result, m.fixed = in, m.start, nil
	if err := m.look(); err != nil {
		return err
	}
	for took := true; took; {
		if took, err = m.round(ctx); err != nil {
			return err
		}
	}
	return nil
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
	judge         *judge
	narrowed      bool    // options ask for less than gate
	start         *Result // of the input as it was loaded, under gate
	input         *load.Input
	result        *Result                           // of input, under gate
	wanted        *Result                           // of input, under options
	fixes         map[findingKey][]*finding.Finding // those of wanted with a fix that can be written
	order         []findingKey                      // the keys of fixes in the order of their findings
	fixed         []*finding.Finding
	refusals      []Refusal             // of this round
	banned        map[findingKey]string // fixes that harm a build, and how
	rebuilds      int
}

// look finds out what there is to mend in the input as it is.
func (m *mender) look() (err error) {
	m.wanted = m.result
	if m.narrowed {
		if m.wanted, err = check(m.input, m.options, m.judge); err != nil {
			return err
		}
	}
	made := made(m.input)
	m.fixes, m.order = map[findingKey][]*finding.Finding{}, nil
	for _, f := range m.wanted.Findings {
		if file := f.Root.File(); f.Fix == nil || file == nil || made[file] {
			continue
		}
		k := keyOf(f)
		if len(m.fixes[k]) == 0 {
			m.order = append(m.order, k)
		}
		m.fixes[k] = append(m.fixes[k], f)
	}
	return nil
}

// maxHarms bounds how often the fixes of one queue may do harm before the rest is refused together: among thousands that all harm
// one object, it is not worth a check of the whole input for each.
const maxHarms = 24

// queue is a line of groups of fixes. Its groups are tried one after the other, because they may be to blame for the same harm.
type queue struct {
	groups [][]findingKey // the next is last
	harms  int
}

func (q *queue) push(g []findingKey) {
	if len(g) > 0 {
		q.groups = append(q.groups, g)
	}
}

// round tries the fixes of all findings and reports whether it took some.
//
// A trial makes many fixes at once and costs one check. When it does harm, the fixes that may have done it are put aside, each kind
// of harm in a queue of its own, until what is left does none and is taken. Then the queues are tried side by side, half a group of
// each at a time, until the fixes that do harm stand alone and are refused: what one refusal costs, a thousand in as many objects cost.
func (m *mender) round(ctx context.Context) (took bool, err error) {
	m.refusals = nil
	m.order = slices.DeleteFunc(m.order, func(k findingKey) bool {
		why, banned := m.banned[k]
		if banned {
			m.refuse(k, why)
		}
		return banned
	})
	if len(m.order) == 0 {
		return false, nil
	}
	struck := map[findingKey]bool{}
	for queues := []*queue{{groups: [][]findingKey{m.order}}}; len(queues) > 0; {
		var trial []findingKey
		from := map[findingKey]*queue{}
		for _, q := range queues {
			next := q.groups[len(q.groups)-1]
			q.groups = q.groups[:len(q.groups)-1]
			trial = append(trial, next...)
			for _, k := range next {
				from[k] = q
			}
		}
		o, err := m.try(ctx, trial)
		if err != nil {
			return false, err
		}
		took = took || o.took
		for _, q := range queues {
			var left []findingKey
			for _, k := range o.left {
				if from[k] == q {
					left = append(left, k)
				}
			}
			q.push(left)
		}
		claimed := map[*queue]bool{}
		for _, s := range o.suspicions {
			q := from[s.groups[0][0]]
			if claimed[q] {
				q = &queue{}
				queues = append(queues, q)
			}
			claimed[q] = true
			q.harms++
			for _, g := range slices.Backward(s.groups) {
				alone := len(g) == 1 && (struck[g[0]] || s.remains || len(o.suspicions) == 1 && len(s.groups) == 1)
				if alone || q.harms > maxHarms {
					for _, k := range g {
						m.refuse(k, s.why)
					}
					continue
				}
				for _, k := range g {
					struck[k] = struck[k] || len(g) == 1
				}
				half := (len(g) + 1) / 2
				q.push(g[half:])
				q.push(g[:half])
			}
		}
		queues = slices.DeleteFunc(queues, func(q *queue) bool { return len(q.groups) == 0 })
	}
	return took, nil
}

// outcome is what came of a trial.
type outcome struct {
	took       bool         // some fixes are in
	left       []findingKey // did not go together with those that were taken
	suspicions []suspicion
}

// suspicion is a harm and the fixes that may have done it: the nearest first, others when it was still there without them.
type suspicion struct {
	harm
	groups [][]findingKey
}

// try makes the fixes of a trial, without those that may do harm.
func (m *mender) try(ctx context.Context, trial []findingKey) (outcome, error) {
	var o outcome
	for {
		if m.options.Progress != nil {
			m.options.Progress(len(m.fixed), len(trial))
		}
		var findings []*finding.Finding
		for _, k := range trial {
			findings = append(findings, m.fixes[k]...) // none when another fix has mended it too
		}
		edits, failed := apply(findings)
		aside := map[findingKey]bool{}
		for _, f := range failed {
			m.refusals = append(m.refusals, f)
			aside[keyOf(f.Finding)] = true
		}
		if len(edits) == 0 {
			return o, nil
		}
		a, err := m.attempt(ctx, edits)
		if err != nil {
			return o, err
		}
		if len(a.harms) == 0 {
			for _, e := range edits {
				for _, f := range e.done {
					m.fixed = append(m.fixed, f)
					aside[keyOf(f)] = true
				}
			}
			m.input, m.result, o.took = a.input, a.result, true
			o.left = without(trial, aside)
			return o, m.look()
		}
		for _, s := range m.blame(a.harms, edits) {
			for _, k := range s.groups[0] {
				aside[k] = true
			}
			if i := slices.IndexFunc(o.suspicions, func(old suspicion) bool { return old.sameAs(s.harm) }); i >= 0 {
				o.suspicions[i].groups = append(o.suspicions[i].groups, s.groups...)
			} else {
				o.suspicions = append(o.suspicions, s)
			}
		}
		trial = without(trial, aside)
	}
}

// without returns the keys that are not put aside, as a new slice.
func without(keys []findingKey, aside map[findingKey]bool) []findingKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k findingKey) bool { return aside[k] })
}

// attempt is an input with edits in place, and what its check says.
type attempt struct {
	input  *load.Input
	result *Result
	harms  []harm
}

// maxFollows bounds how long the chain of fixes is that follow from another.
const maxFollows = 4

// attempt checks the input with edits in place. What the edits break is no harm when it can be mended, and nothing else breaks: a
// Service that selects its pods again makes these pods serve, and so in need of what serving pods need. Such fixes are made as well.
func (m *mender) attempt(ctx context.Context, edits map[string]*edit) (attempt, error) {
	a := attempt{input: m.input}
	for next, follows := edits, 0; ; follows++ {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		a.input = edited(a.input, next)
		var err error
		if a.result, err = check(a.input, m.gate, m.judge); err != nil {
			return a, err
		}
		a.harms = harmsOf(m.result, a.result, edits)
		if len(a.harms) == 0 || m.narrowed || follows == maxFollows {
			return a, nil
		}
		var findings []*finding.Finding
		var stays []harm
		made := made(a.input)
		for _, h := range a.harms {
			before := len(findings)
			if !h.remains {
				for _, f := range h.found {
					if f.Fix != nil && !made[f.Root.File()] {
						findings = append(findings, f)
					}
				}
			}
			if len(findings) == before {
				stays = append(stays, h)
			}
		}
		if len(stays) > 0 {
			a.harms = stays
			return a, nil
		}
		if next, _ = apply(findings); len(next) == 0 {
			return a, nil
		}
	}
}

// made returns what builds made: texts that are no files, so that nothing can be written into them.
func made(in *load.Input) map[*source.File]bool {
	made := map[*source.File]bool{}
	for _, t := range in.Objects {
		if t.Built {
			made[t.Root.File()] = true
		}
	}
	return made
}

// edited returns the input with edits in place. The builds that the edited files went into are edited alike.
func edited(in *load.Input, edits map[string]*edit) *load.Input {
	later := map[*source.File]*source.File{}
	built := map[source.Node][]source.Node{}
	for _, t := range in.Objects {
		if t.Built && t.Origin != t.Root {
			built[t.Origin] = append(built[t.Origin], t.Root)
		}
	}
	alike := map[*source.File][]source.Request{}
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		e := edits[name]
		later[e.before] = e.after
		for _, f := range e.done {
			for _, root := range built[f.Root] {
				alike[root.File()] = append(alike[root.File()], source.Request{Root: root, Changes: f.Fix.Changes})
			}
		}
	}
	for build, requests := range alike {
		// What is refused stays in the build as a finding, and the gate sees it.
		later[build], _, _ = build.ApplyAll(requests)
	}
	return in.Replace(later)
}

// edit is what a trial does to one file.
type edit struct {
	before, after *source.File
	done          []*finding.Finding // whose changes are in after
}

// apply makes the fixes of findings, file by file. What does not go together with those before it is not done; what does not even go
// alone has failed.
func apply(findings []*finding.Finding) (edits map[string]*edit, failed []Refusal) {
	edits = map[string]*edit{}
	inFile := map[*source.File][]*finding.Finding{}
	var files []*source.File
	for _, f := range findings {
		file := f.Root.File()
		if inFile[file] == nil {
			files = append(files, file)
		}
		inFile[file] = append(inFile[file], f)
	}
	for _, file := range files {
		var requests []source.Request
		for _, f := range inFile[file] {
			requests = append(requests, source.Request{Root: f.Root, Changes: f.Fix.Changes})
		}
		e := &edit{before: file}
		var answers []source.Answer
		e.after, _, answers = file.ApplyAll(requests)
		for i, f := range inFile[file] {
			switch a := answers[i]; {
			case a.Taken:
				e.done = append(e.done, f)
			case len(e.done) > 0: // it may be because of those
			case a.Err != nil:
				failed = append(failed, Refusal{f, a.Err.Error()})
			default:
				failed = append(failed, Refusal{f, "its fix changes nothing"})
			}
		}
		if len(e.done) > 0 {
			edits[file.Name] = e
		}
	}
	return edits, failed
}

func (m *mender) refuse(k findingKey, why string) {
	for _, f := range m.fixes[k] {
		m.refusals = append(m.refusals, Refusal{f, why})
	}
}

func (m *mender) finish(in *load.Input) *Mended {
	out := &Mended{Fixed: m.fixed, Refused: m.refusals, Input: m.input, After: m.wanted}
	slices.SortFunc(out.Fixed, (*finding.Finding).Compare)
	slices.SortFunc(out.Refused, func(a, b Refusal) int { return a.Finding.Compare(b.Finding) })
	old := map[string][]byte{}
	for _, f := range in.Files {
		old[f.Name] = f.Data
	}
	made := made(m.input)
	for _, f := range m.input.Files {
		if was, ok := old[f.Name]; ok && !made[f] && !bytes.Equal(was, f.Data) {
			out.Files = append(out.Files, MendedFile{f.Name, was, f.Data})
		}
	}
	slices.SortFunc(out.Files, func(a, b MendedFile) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

package lint

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Options say how to check.
type Options struct {
	Catalogue *rule.Catalogue
	Policy    *rule.Policy // nil: none
	Profile   rule.Profile // 0: the policy's, or golden
	Only      []string     // rules to run, whatever their profile; empty: those of the profile
	// Version is the Kubernetes version the manifests are meant for, "1.36"; "" is the newest that is known.
	Version string
	// Now is the day that expiry dates are compared with.
	Now time.Time
	// Within, when not nil, reports whether findings in a file are wanted. Everything is read all the same, because rules look at
	// neighbours.
	Within func(file string) bool
	// Undecided leaves out what people decided about findings: suppressions, exemptions, the baseline.
	Undecided bool
	// Baseline holds findings that are known and accepted.
	Baseline *Baseline
	// Reload, when not nil, reads the input again as it would be with some files changed; builds are made anew. Fix asks it what its
	// edits really do to builds, of which it knows only what follows from the edits themselves.
	Reload func(changed map[string][]byte) (*load.Input, error)
	// Progress, when not nil, is told by Fix before each of its checks how many findings are mended and how many it tries to mend.
	Progress func(mended, trying int)
}

// NoSchema is the reason why the fields of a custom resource were not checked; other rules see it all the same.
const NoSchema = "no-schema"

// Result is what a check found. Every document of the input is accounted for: as an object that was checked, in Skipped, or in
// Failures.
type Result struct {
	Snapshot *cluster.Snapshot
	Findings []*finding.Finding
	Unknown  []finding.Unknown
	Skipped  []finding.Skipped
	Failures []finding.Failure
	// Suppressed and Baselined count the findings that are not among Findings because somebody decided so.
	Suppressed, Baselined int
}

// Check checks what was loaded.
func Check(in *load.Input, o Options) (*Result, error) {
	return check(in, o, &judge{version: o.Version})
}

func check(in *load.Input, o Options, j *judge) (*Result, error) {
	active, err := o.Catalogue.Activate(o.Policy, o.Profile, o.Only)
	if err != nil {
		return nil, err
	}
	judged := j.objects(in.Objects)
	r := &Result{Skipped: append(slices.Clone(in.Skipped), forbidden(in.Coverage)...), Failures: in.Failures}
	r.Snapshot = snapshot(in, judged)

	outcome := rule.Run(r.Snapshot, active)
	if in.Coverage != nil {
		forget(outcome.Findings)
	}
	external, unjudged := apiFindings(judged, r.Snapshot, active)
	external = append(external, duplicateKeys(in, judged, active)...)
	r.Findings = append(outcome.Findings, external...)
	r.Unknown = append(outcome.Unknown, unjudged...)
	for i := range judged {
		if x := &judged[i]; x.unknown != "" && !x.Context {
			_, place := rule.Locate(x.Object, "kind")
			r.Skipped = append(r.Skipped, finding.Skipped{Place: place, Object: x.Ref, Reason: NoSchema, Detail: x.unknown})
		}
	}
	r.brief()
	slices.SortFunc(r.Findings, (*finding.Finding).Compare)
	r.Findings = once(r.Findings)
	if !o.Undecided {
		r.decide(in.Files, active, o)
	}
	r.group()
	return r, nil
}

// forget keeps of fixes what they would do: nobody makes the changes in a cluster, and there may be very many.
func forget(findings []*finding.Finding) {
	for _, f := range findings {
		if f.Fix != nil {
			f.Fix = &finding.Fix{Title: f.Fix.Title}
		}
	}
}

// forbidden returns the kinds of a cluster that may not be listed, in the order of the coverage.
func forbidden(c *cluster.Coverage) (out []finding.Skipped) {
	if c == nil {
		return nil
	}
	for _, row := range c.Rows() {
		if row.State == cluster.Forbidden {
			version := row.Version
			if row.Group != "" {
				version = row.Group + "/" + version
			}
			out = append(out, finding.Skipped{Object: finding.Ref{APIVersion: version, Kind: row.Kind, Namespace: row.Namespace, Name: "*"}, Reason: load.Forbidden, Detail: row.Detail})
		}
	}
	return out
}

// Snapshot is the picture of what was loaded that Check looks at.
func Snapshot(in *load.Input) *cluster.Snapshot {
	return snapshot(in, (&judge{}).objects(in.Objects))
}

func snapshot(in *load.Input, judged []object) *cluster.Snapshot {
	all := make([]*cluster.Object, len(judged))
	for i := range judged {
		all[i] = judged[i].Object
	}
	return cluster.NewSnapshot(all, cluster.Options{Artifacts: in.Artifacts, Generated: in.Generated, Declared: in.Declared, Coverage: in.Coverage, Records: in.Records})
}

// brief shortens what messages quote of the input.
func (r *Result) brief() {
	for _, f := range r.Findings {
		f.Message = finding.Brief(f.Message)
		if f.Fix != nil && len(f.Fix.Title) > len(finding.Brief(f.Fix.Title)) {
			f.Fix = &finding.Fix{Title: finding.Brief(f.Fix.Title), Changes: f.Fix.Changes}
		}
	}
	for i := range r.Unknown {
		r.Unknown[i].Missing = finding.Brief(r.Unknown[i].Missing)
	}
	for i := range r.Skipped {
		r.Skipped[i].Detail = finding.Brief(r.Skipped[i].Detail)
	}
	r.Failures = slices.Clone(r.Failures)
	for i := range r.Failures {
		r.Failures[i].Message = finding.Brief(r.Failures[i].Message)
	}
}

// once leaves out what findings, which are in order, say of the same place again, as those about several builds of one base do: in each
// the object may have another namespace, and the field another number.
func once(findings []*finding.Finding) []*finding.Finding {
	start := 0 // of those about one place by one rule
	out := findings[:0]
	for _, f := range findings {
		if start < len(out) && (out[start].Place != f.Place || out[start].Rule != f.Rule) {
			start = len(out)
		}
		near := out[max(start, len(out)-64):] // far more than a base has builds that differ
		if f.Place.Line == 0 || !slices.ContainsFunc(near, func(g *finding.Finding) bool {
			return g.Message == f.Message && (g.Field == f.Field || g.Object != f.Object)
		}) {
			out = append(out, f)
		}
	}
	return out
}

// decide applies what people decided: suppressions, exemptions, the wanted files, the baseline.
func (r *Result) decide(files []*source.File, active []rule.Active, o Options) {
	r.Findings, r.Suppressed = rule.Suppress(r.Snapshot, files, r.Findings, r.Unknown, active, o.Catalogue, o.Now)
	severity := rule.Severities(active)
	for _, f := range o.Policy.Expired(o.Now) {
		if f.Severity = severity[f.Rule]; f.Severity != finding.Off {
			r.Findings = append(r.Findings, f)
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f *finding.Finding) bool {
		if o.Policy.Exempts(f, o.Now) {
			r.Suppressed++
			return true
		}
		return o.Within != nil && !o.Within(f.Place.File)
	})
	if o.Within != nil {
		r.Unknown = slices.DeleteFunc(r.Unknown, func(u finding.Unknown) bool { return !o.Within(u.Place.File) })
	}
	if o.Baseline != nil {
		r.Findings, r.Baselined = o.Baseline.Filter(r.Findings)
	}
}

// apiFindings files what the API server would say under the rules that are active. What could not be judged is unknown to api-invalid, and what
// a part of a workload lacks, to api-required-missing.
func apiFindings(judged []object, s *cluster.Snapshot, active []rule.Active) (out []*finding.Finding, unknown []finding.Unknown) {
	severity := rule.Severities(active)
	for i := range judged {
		x := &judged[i]
		if x.Context {
			continue
		}
		part := len(x.problems) > 0 && (fragment(s.WorkloadOf(x.Object)) || definitionPatch(x.Object))
		if part && severity[apiserver.RequiredMissing] != finding.Off {
			_, place := rule.Locate(x.Object, "kind")
			unknown = append(unknown, finding.Unknown{Rule: apiserver.RequiredMissing, Object: x.Ref, Place: place,
				Missing: "the rest of this " + x.Kind + ", which lacks all that it must have: a patch that nothing here applies?"})
		}
		for _, p := range x.problems {
			if part && (p.Rule == apiserver.RequiredMissing || p.Rule == apiserver.Invalid || x.Kind == "CustomResourceDefinition") {
				continue
			}
			id := p.Rule
			if id == apiserver.Unjudged {
				id = apiserver.Invalid
			}
			sev := severity[id]
			if sev == finding.Off {
				continue
			}
			root, place := rule.Locate(x.Object, p.Field)
			if !p.Node.IsZero() && x.Origin == x.Root {
				place = rule.PlaceOf(source.Entry{Value: p.Node})
			}
			if p.Rule == apiserver.Unjudged {
				unknown = append(unknown, finding.Unknown{Rule: id, Object: x.Ref, Place: place, Missing: p.Message})
				continue
			}
			if p.Rule == apiserver.RequiredMissing {
				if m := mutator(s, x.Object); m != nil {
					unknown = append(unknown, finding.Unknown{Rule: id, Object: x.Ref, Place: place, Missing: "whether " + m.Kind + " " + m.Name + " has " + p.Field + " set"})
					continue
				}
			}
			f := &finding.Finding{Rule: id, Severity: sev, Object: x.Ref, Workload: x.Ref, Field: p.Field, Message: p.Message, Root: root, Place: place}
			if p.Suggestion != "" {
				f.Message += "; " + p.Suggestion
			}
			if len(p.Fix) > 0 {
				f.Fix = &finding.Fix{Title: p.Suggestion, Changes: p.Fix}
			}
			out = append(out, f)
		}
	}
	return out, unknown
}

// duplicateKeys makes a finding of every key that repeats an earlier one of its mapping; of an object that repeats very many, of the
// first ones.
func duplicateKeys(in *load.Input, judged []object, active []rule.Active) []*finding.Finding {
	i := slices.IndexFunc(active, func(a rule.Active) bool { return a.ID == "yaml-duplicate-key" })
	if i < 0 {
		return nil
	}
	var owners *ownership
	var out []*finding.Finding
	for _, f := range in.Files {
		for _, d := range f.Docs {
			first := len(out)
			told, rest := map[source.Node]int{}, map[source.Node]*finding.Finding{} // by the root of the object
			for _, key := range d.Duplicates {
				if owners == nil {
					owners = newOwnership(judged)
				}
				o := owners.of(d, key)
				root := d.Root
				if o != nil {
					root = o.Root
				}
				if told[root]++; told[root] > apiserver.MaxProblems+1 {
					continue
				}
				x := &finding.Finding{Rule: "yaml-duplicate-key", Severity: active[i].Severity, Place: rule.PlaceOf(source.Entry{Value: key})}
				if o != nil {
					x.Object, x.Workload, x.Root = o.Ref, o.Ref, o.Root
				}
				out = append(out, x)
				if told[root] > apiserver.MaxProblems {
					rest[root] = x
					continue
				}
				x.Message = fmt.Sprintf("the key %q is there twice in one mapping; the API server takes the last, a reader may take the first", key.Text())
				if o != nil {
					path := pathOf(o.Root, key)
					x.Field = path.String()
					x.Fix = &finding.Fix{Title: "drop the earlier entries, which have no effect", Changes: []source.Change{{Op: source.Dedupe, Path: path}}}
				}
			}
			for _, x := range out[first:] {
				if apiserver.Untold(told[x.Root] - apiserver.MaxProblems) {
					x.Fix = nil
				}
			}
			for root, x := range rest {
				x.Message = fmt.Sprintf("%d more keys are there twice and not listed; mend those before first", told[root]-apiserver.MaxProblems)
			}
		}
	}
	return out
}

// ownership finds the object that a node is part of.
type ownership struct {
	objects map[source.Node][]*cluster.Object
} // by the root of their document, in its order

func newOwnership(judged []object) *ownership {
	x := &ownership{map[source.Node][]*cluster.Object{}}
	for i := range judged {
		o := judged[i].Object
		if f := o.Root.File(); f != nil {
			root := f.Docs[load.DocumentOf(o.Root)].Root
			x.objects[root] = append(x.objects[root], o)
		}
	}
	for _, list := range x.objects {
		slices.SortStableFunc(list, func(a, b *cluster.Object) int { return cmp.Compare(a.Root.Span().Start, b.Root.Span().Start) })
	}
	return x
}

// of returns the object of document d that holds n, nil when none does.
func (x *ownership) of(d source.Document, n source.Node) *cluster.Object {
	list, pos := x.objects[d.Root], n.Span().Start
	i := sort.Search(len(list), func(i int) bool { return list[i].Root.Span().Start > pos })
	if i == 0 || pos >= list[i-1].Root.Span().End {
		return nil
	}
	return list[i-1]
}

// pathOf returns the path from root to the value of a key node below it.
func pathOf(root, key source.Node) source.Path {
	var path source.Path
	at := root
	for {
		next, step, ok := towards(at, key)
		if !ok {
			return path
		}
		path = append(path, step)
		at = next
	}
}

// towards returns the child of n that holds the key, and the step to it.
func towards(n, key source.Node) (source.Node, source.Step, bool) {
	pos := key.Span().Start
	for e := range n.Entries() {
		if e.Key == key {
			return source.Node{}, source.Step{Key: key.Text()}, true
		}
		if s := e.Value.Span(); s.Start <= pos && pos < s.End {
			return e.Value, source.Step{Key: e.Key.Text()}, true
		}
	}
	for i, item := range n.Items() {
		if s := item.Span(); s.Start <= pos && pos < s.End {
			return item, source.Step{Index: i}, true
		}
	}
	return source.Node{}, source.Step{}, false
}

// group puts findings about a Service, a budget, a policy or an autoscaler that belongs to a single workload under that workload.
func (r *Result) group() {
	type key struct {
		ref  finding.Ref
		file *source.File
	}
	index := make(map[key]*cluster.Object, len(r.Snapshot.Objects))
	for _, o := range r.Snapshot.Objects {
		index[key{o.Ref, o.Origin.File()}] = o
	}
	for _, f := range r.Findings {
		f.Workload = f.Object
		o := index[key{f.Object, f.Root.File()}]
		if o == nil {
			continue
		}
		if pods := r.Snapshot.PodsOf(o); len(pods) == 1 {
			f.Workload = pods[0].Ref
		}
	}
}

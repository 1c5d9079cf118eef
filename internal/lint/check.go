package lint

import (
	"fmt"
	"slices"
	"time"

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
	// Baseline holds findings that are known and accepted.
	Baseline *Baseline
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
	// Resolved counts the entries of the baseline that no finding needs any more.
	Resolved int
}

// Check checks what was loaded.
func Check(in *load.Input, o Options) (*Result, error) {
	active, err := o.Catalogue.Activate(o.Policy, o.Profile, o.Only)
	if err != nil {
		return nil, err
	}
	judged := objects(in.Objects, o.Version)
	r := &Result{Skipped: slices.Clone(in.Skipped), Failures: in.Failures}
	all := make([]*cluster.Object, len(judged))
	for i := range judged {
		all[i] = judged[i].Object
	}
	r.Snapshot = cluster.NewSnapshot(all, cluster.Options{})

	outcome := rule.Run(r.Snapshot, active)
	external := apiFindings(judged, active)
	external = append(external, duplicateKeys(in, judged, active)...)
	r.Findings = append(outcome.Findings, external...)
	r.Unknown = outcome.Unknown
	for i := range judged {
		if x := &judged[i]; x.unknown != "" {
			_, place := rule.Locate(x.Object, "kind")
			r.Skipped = append(r.Skipped, finding.Skipped{Place: place, Object: x.Ref, Reason: NoSchema, Detail: x.unknown})
		}
	}
	slices.SortFunc(r.Findings, (*finding.Finding).Compare)
	r.Findings = slices.CompactFunc(r.Findings, sameFinding)
	r.decide(in.Files, active, o)
	r.group()
	return r, nil
}

// sameFinding reports whether two findings say the same of the same place, as findings about two builds of one base do.
func sameFinding(a, b *finding.Finding) bool {
	return a.Place == b.Place && a.Place.Line > 0 && a.Rule == b.Rule && a.Message == b.Message && a.Field == b.Field
}

// decide applies what people decided: suppressions, exemptions, the wanted files, the baseline.
func (r *Result) decide(files []*source.File, active []rule.Active, o Options) {
	r.Findings, r.Suppressed = rule.Suppress(r.Snapshot, files, r.Findings, active, o.Catalogue, o.Now)
	severity := rule.Severities(active)
	for _, f := range o.Policy.Expired(o.Now) {
		if f.Severity = severity[f.Rule]; f.Severity != finding.Off {
			r.Findings = append(r.Findings, f)
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f *finding.Finding) bool {
		if o.Policy.Exempts(f, o.Now) != nil {
			r.Suppressed++
			return true
		}
		return o.Within != nil && !o.Within(f.Place.File)
	})
	if o.Within != nil {
		r.Unknown = slices.DeleteFunc(r.Unknown, func(u finding.Unknown) bool { return !o.Within(u.Place.File) })
	}
	if o.Baseline != nil {
		r.Findings, r.Baselined, r.Resolved = o.Baseline.Filter(r.Findings)
	}
}

// apiFindings files what the API server would say under the rules that are active.
func apiFindings(judged []object, active []rule.Active) []*finding.Finding {
	severity := rule.Severities(active)
	var out []*finding.Finding
	for i := range judged {
		x := &judged[i]
		for _, p := range x.problems {
			sev := severity[p.Rule]
			if sev == finding.Off {
				continue
			}
			f := &finding.Finding{Rule: p.Rule, Severity: sev, Object: x.Ref, Workload: x.Ref, Field: p.Field, Message: p.Message}
			f.Root, f.Place = rule.Locate(x.Object, p.Field)
			if !p.Node.IsZero() && x.Origin == x.Root {
				f.Place = rule.PlaceOf(source.Entry{Value: p.Node})
			}
			if p.Suggestion != "" {
				f.Message += "; " + p.Suggestion
			}
			if len(p.Fix) > 0 {
				f.Fix = &finding.Fix{Title: p.Suggestion, Changes: p.Fix}
			}
			out = append(out, f)
		}
	}
	return out
}

// duplicateKeys makes a finding of every key that repeats an earlier one of its mapping.
func duplicateKeys(in *load.Input, judged []object, active []rule.Active) []*finding.Finding {
	i := slices.IndexFunc(active, func(a rule.Active) bool { return a.ID == "yaml-duplicate-key" })
	if i < 0 {
		return nil
	}
	type spot struct {
		file *source.File
		doc  int
	}
	var owners map[spot][]*cluster.Object
	var out []*finding.Finding
	for _, f := range in.Files {
		for _, d := range f.Docs {
			for _, key := range d.Duplicates {
				if owners == nil {
					owners = map[spot][]*cluster.Object{}
					for k := range judged {
						o := judged[k].Object
						if file := o.Root.File(); file != nil {
							s := spot{file, load.DocumentOf(o.Root)}
							owners[s] = append(owners[s], o)
						}
					}
				}
				x := &finding.Finding{Rule: "yaml-duplicate-key", Severity: active[i].Severity,
					Place:   rule.PlaceOf(source.Entry{Value: key}),
					Message: fmt.Sprintf("the key %q is there twice in one mapping; the API server takes the last, a reader may take the first", key.Text())}
				for _, o := range owners[spot{f, d.Index}] {
					if s := o.Root.Span(); s.Start <= key.Span().Start && key.Span().Start < s.End {
						x.Object, x.Workload, x.Root = o.Ref, o.Ref, o.Root
						path := pathOf(o.Root, key)
						x.Field = path.String()
						x.Fix = &finding.Fix{Title: "drop the earlier entries, which have no effect", Changes: []source.Change{{Op: source.Dedupe, Path: path}}}
					}
				}
				out = append(out, x)
			}
		}
	}
	return out
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
	index := map[finding.Ref]map[*source.File]*cluster.Object{}
	for _, o := range r.Snapshot.Objects {
		if index[o.Ref] == nil {
			index[o.Ref] = map[*source.File]*cluster.Object{}
		}
		index[o.Ref][o.Origin.File()] = o
	}
	for _, f := range r.Findings {
		f.Workload = f.Object
		o := index[f.Object][f.Root.File()]
		if o == nil {
			continue
		}
		if pods := r.Snapshot.PodsOf(o); len(pods) == 1 {
			f.Workload = pods[0].Ref
		}
	}
}

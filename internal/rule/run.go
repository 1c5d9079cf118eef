package rule

import (
	"runtime"
	"slices"
	"sync"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
)

// Active is a rule as a policy wants it.
type Active struct {
	*Rule
	Severity finding.Severity
	Params   map[string]any
}

// Severities returns the severities of rules by ID; a rule that is not among them has none, which is Off.
func Severities(rules []Active) map[string]finding.Severity {
	out := make(map[string]finding.Severity, len(rules))
	for _, a := range rules {
		out[a.ID] = a.Severity
	}
	return out
}

// Outcome is what a run found, in an order that is the same on every run.
type Outcome struct {
	Findings []*finding.Finding
	Unknown  []finding.Unknown
}

// results collects what rules report; each worker has its own.
type results struct {
	findings []*finding.Finding
	objects  []*cluster.Object // of findings
	unknowns []finding.Unknown
}

func (r *results) add(o *cluster.Object, f *finding.Finding) {
	f.Workload = o.Ref
	f.Root, f.Place = Locate(o, f.Field)
	r.findings = append(r.findings, f)
	r.objects = append(r.objects, o)
}

// aim makes fixes of what a build made point into the file of origin.
func (r *results) aim() {
	for i, f := range r.findings {
		o := r.objects[i]
		if f.Fix == nil || o.Origin == o.Root || f.Root != o.Origin {
			continue
		}
		fix := &finding.Fix{Title: f.Fix.Title, Changes: slices.Clone(f.Fix.Changes)}
		for k := range fix.Changes {
			fix.Changes[k].Path = InOrigin(o, fix.Changes[k].Path)
		}
		f.Fix = fix
	}
}

func (r *results) unknown(o *cluster.Object, field string, u finding.Unknown) {
	_, u.Place = Locate(o, field)
	r.unknowns = append(r.unknowns, u)
}

// Run applies rules to a snapshot, on all processors. Rules of one object run in the worker that has the object; rules about the
// snapshot run one after another.
func Run(s *cluster.Snapshot, rules []Active) Outcome {
	passes := func(out *results) (object, workload, container []*Pass) {
		for i := range rules {
			a := &rules[i]
			p := &Pass{Snapshot: s, Rule: a.Rule, params: a.Params, severity: a.Severity, out: out}
			switch {
			case a.Object != nil:
				object = append(object, p)
			case a.Workload != nil:
				workload = append(workload, p)
			case a.Container != nil:
				container = append(container, p)
			}
		}
		return object, workload, container
	}
	const batch = 64
	next := make(chan int)
	all := make([]results, runtime.GOMAXPROCS(0)+1)
	var wg sync.WaitGroup
	for k := range all[1:] {
		out := &all[k+1]
		wg.Go(func() {
			object, workload, container := passes(out)
			for start := range next {
				for _, o := range s.Objects[start:min(start+batch, len(s.Objects))] {
					if o.Context {
						continue
					}
					for _, p := range object {
						p.Rule.Object(p, o)
					}
					w := s.WorkloadOf(o)
					if w == nil {
						continue
					}
					for _, p := range workload {
						p.Rule.Workload(p, w)
					}
					for i := range w.Containers {
						for _, p := range container {
							p.Rule.Container(p, w, &w.Containers[i])
						}
					}
				}
			}
		})
	}
	for start := 0; start < len(s.Objects); start += batch {
		next <- start
	}
	close(next)
	for i := range rules {
		if a := &rules[i]; a.Snapshot != nil {
			a.Snapshot(&Pass{Snapshot: s, Rule: a.Rule, params: a.Params, severity: a.Severity, out: &all[0]})
		}
	}
	wg.Wait()
	var out Outcome
	for i := range all {
		all[i].aim()
		out.Findings = append(out.Findings, all[i].findings...)
		out.Unknown = append(out.Unknown, all[i].unknowns...)
	}
	slices.SortFunc(out.Findings, (*finding.Finding).Compare)
	slices.SortFunc(out.Unknown, finding.Unknown.Compare)
	return out
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/kube"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

// bootFlags say where boots were observed.
type bootFlags struct {
	lists, prometheus []string
	every             time.Duration
}

// bootSource is what one source had.
type bootSource struct {
	Name   string
	Boots  int
	Killed int
	Left   boottime.Left
	Note   string // what it could not say; "" when nothing is to be said
}

// observed are all boots with their sources, in the order of the flags.
type observed struct {
	boots   []boottime.Boot
	sources []bootSource
}

func (o *observed) add(name string, boots []boottime.Boot, left boottime.Left, note string) {
	s := bootSource{Name: name, Boots: len(boots), Left: left, Note: note}
	for _, b := range boots {
		if b.Killed {
			s.Killed++
		}
	}
	o.boots, o.sources = append(o.boots, boots...), append(o.sources, s)
}

// lived is what a cluster, or an archive of one, has of pods.
type lived struct {
	name   string
	in     *load.Input
	events []corev1.Event
	now    time.Time
	note   string
}

// lived asks the cluster or reads the archive that the flags name; nil when they name none.
func (f *workloadFlags) lived(ctx context.Context, e Env) (*lived, error) {
	switch {
	case f.live && f.from != "":
		return nil, &problem.Problem{What: "--live and --from exclude each other", Next: "leave one of the two out"}
	case f.live:
		c, in, err := f.cluster.list(ctx, e)
		if err != nil {
			return nil, err
		}
		l := &lived{name: "pods in the cluster", in: in, now: e.Now()}
		namespace := c.Namespace
		if f.cluster.all {
			namespace = ""
		}
		err = c.Events(ctx, namespace, func(x *corev1.Event) error {
			l.events = append(l.events, *x)
			return nil
		})
		if err != nil {
			state, detail := kube.StateOf(err)
			l.note = fmt.Sprintf("events are %s (%s): boots that were killed are told from exit codes", state, detail)
		}
		return l, nil
	case f.from != "":
		d, err := f.cluster.archive(e, f.from)
		if err != nil {
			return nil, err
		}
		l := &lived{name: "pods in " + f.from, in: d.Input, events: d.Events, now: d.Newest()}
		if d.Events == nil {
			l.note = "the archive has no events (fairway dump --events): boots that were killed are told from exit codes"
		}
		return l, nil
	}
	return nil, nil
}

// watchOf is how the boots of a container were watched.
func watchOf(p *probedContainer) (w boottime.Watch, ok bool) {
	w.Container, w.Grace = p.Container.Name, cmp.Or(p.Spec.Grace, 30*time.Second)
	first, kills := p.Spec.Startup, p.Spec.Startup
	if first == nil {
		first, kills = p.Spec.Readiness, p.Spec.Liveness
	}
	if first == nil {
		return w, false
	}
	w.Period, w.Delay, w.Startup = first.Period, first.InitialDelay, p.Spec.Startup != nil
	if r := p.Spec.Readiness; r != nil && r.SuccessThreshold > 1 {
		w.Extra = time.Duration(r.SuccessThreshold-1) * r.Period
	}
	if kills != nil {
		w.From, w.To = budgetOf(*kills)
		w.Grace = cmp.Or(kills.Grace, w.Grace)
	}
	return w, true
}

// budgetOf is when a container that never answers is given up, at the earliest and at the latest.
func budgetOf(p probesim.Probe) (from, to time.Duration) {
	fails := time.Duration(p.FailureThreshold)
	return max(p.InitialDelay-time.Second, 0) + (fails-1)*p.Period, p.InitialDelay + fails*p.Period + p.Timeout
}

// observe reads what the flags name.
func (f *bootFlags) observe(e Env, p *probedContainer, l *lived) (*observed, error) {
	o := &observed{}
	for _, name := range f.lists {
		data, err := readNamed(e, name)
		if err != nil {
			return nil, &problem.Problem{What: "cannot read the boots", Where: name, Why: problem.Plain(err), Next: "name a file with a duration a line, such as 41s, or >40s for a boot that was killed", Err: err}
		}
		boots, err := boottime.List(string(data))
		if bad, ok := errors.AsType[*boottime.LineError](err); ok {
			return nil, &problem.Problem{What: "cannot read the boots", Where: fmt.Sprintf("%s:%d", name, bad.Line), Why: bad.Message, Next: "correct the line: 41s, 41.3, 30s..40s, or >40s for a boot that was killed", Err: err}
		}
		if f.every > 0 {
			for i := range boots {
				if boots[i].Period == 0 && !boots[i].Killed {
					boots[i].Period = f.every
				}
			}
		}
		o.add(name, boots, nil, "")
	}
	if l == nil && len(f.prometheus) == 0 {
		return o, nil
	}
	w, ok := watchOf(p)
	if !ok {
		return nil, &problem.Problem{What: "when a boot ends cannot be seen in " + report.Label(p.Workload.Ref), Where: "container " + p.Container.Name,
			Why: "it has no startup and no readiness probe, so that it counts as ready from its first second", Next: "give it a readiness probe, or time boots otherwise and name them with --boots", Exit: problem.ExitIncomplete}
	}
	assumed := fmt.Sprintf("taken to have been watched by the probes of this manifest, asked every %d s; boots of another one need it with -f, or --watched-every", secs(w.Period))
	if f.every > 0 {
		w.Period, assumed = f.every, ""
	}
	if l != nil {
		boots, left := boottime.FromPods(podsOf(p.Workload, l.in.Records), l.events, w, l.now)
		note := assumed
		if l.note != "" {
			note = strings.TrimPrefix(note+"; "+l.note, "; ")
		}
		o.add(l.name, boots, left, note)
	}
	for _, name := range f.prometheus {
		data, err := readNamed(e, name)
		if err != nil {
			return nil, &problem.Problem{What: "cannot read the answer of Prometheus", Where: name, Why: problem.Plain(err), Next: "name a file with the JSON of /api/v1/query_range", Err: err}
		}
		boots, left, err := boottime.FromPrometheus(data, w, func(namespace, pod string) bool {
			return cluster.SameNamespace(namespace, p.Workload.Namespace) && podNames(p.Workload, pod)
		})
		if err != nil {
			return nil, &problem.Problem{What: "cannot read the answer of Prometheus", Where: name, Why: err.Error(),
				Next: fmt.Sprintf("ask /api/v1/query_range for {__name__=~%q,namespace=\"...\",pod=~\"%s-.*\"}", boottime.MetricStarted+"|"+boottime.MetricReady, p.Workload.Name), Err: err}
		}
		o.add(name, boots, left, assumed)
	}
	return o, nil
}

func readNamed(e Env, name string) ([]byte, error) {
	if name == "-" {
		data, err := io.ReadAll(io.LimitReader(e.Stdin, load.DefaultMaxFileBytes+1))
		if err == nil && len(data) > load.DefaultMaxFileBytes {
			err = fmt.Errorf("is larger than %d MiB", load.DefaultMaxFileBytes>>20)
		}
		return data, err
	}
	return load.ReadFile(name)
}

// podNames says whether a pod of a workload may have the name, which is all that metrics tell of it: behind a Deployment's name come the hash of its
// replica set and five characters, behind a StatefulSet's a number. A name so long that the API server cuts it is compared as far as it goes.
func podNames(w *cluster.Workload, pod string) bool {
	const (
		cut    = 58                              // apiserver/pkg/storage/names/generate.go MaxGeneratedNameLength
		random = "[bcdfghjklmnpqrstvwxz2456789]" // apimachinery/pkg/util/rand
	)
	name, tail := w.Name, ""
	switch w.Kind {
	case "Pod":
		return pod == name
	case "StatefulSet":
		tail = "[0-9]+"
	case "Deployment", "Rollout":
		tail = random + "{1,10}-" + random + "{5}"
	case "DaemonSet", "ReplicaSet", "ReplicationController":
		tail = random + "{5}"
	default:
		return strings.HasPrefix(pod, name+"-")
	}
	if w.Kind != "StatefulSet" && len(name)+len("-0123456789-") > cut {
		return strings.HasPrefix(pod, name[:min(len(name), cut)])
	}
	return regexp.MustCompile("^" + regexp.QuoteMeta(name) + "-" + tail + "$").MatchString(pod)
}

// podsOf are the records of a workload's pods: what its selector selects, or what looks like its template when it has none.
func podsOf(w *cluster.Workload, records *cluster.Records) (pods []cluster.Pod) {
	if records == nil {
		return nil
	}
	for _, p := range records.Pods {
		mine := cluster.SameNamespace(p.Namespace, w.Namespace)
		switch {
		case w.Is("", "Pod"):
			mine = mine && p.Name == w.Name
		case w.Selector != nil:
			mine = mine && cluster.SelectorMatches(w.Selector, p.Labels)
		default:
			mine = mine && cluster.LabelsMatch(w.PodLabels(), p.Labels)
		}
		if mine {
			pods = append(pods, p)
		}
	}
	return pods
}

// words says what was left out of a source and why, the most frequent first.
func leftWords(left boottime.Left) (out []string) {
	reasons := slices.Sorted(maps.Keys(left))
	slices.SortStableFunc(reasons, func(a, b string) int { return left[b] - left[a] })
	for _, r := range reasons {
		out = append(out, fmt.Sprintf("%d %s", left[r], r))
	}
	return out
}

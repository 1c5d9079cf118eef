package boottime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// Watch is how boots were watched: by the probes of their container.
type Watch struct {
	Container string
	// Period is how often the first probe that has to pass asks, Delay its initialDelaySeconds, and Extra what a boot that is over waits
	// besides, for a successThreshold of readiness above 1.
	Period, Delay, Extra time.Duration
	// From and To are when a boot that never ends is killed, at the earliest and at the latest; To is 0 when nothing kills it. Startup
	// says that a startup probe does so, and not liveness.
	From, To time.Duration
	Startup  bool
	Grace    time.Duration // what a killed container may take to end
}

// Left counts what was looked at and not used, by reason.
type Left map[string]int

// Reasons why something is left out.
const (
	notReady    = "not Ready, and nothing says why"
	readyBefore = "Ready since before its present start"
	readyLate   = "Ready later than its probes let a boot take, so not from a boot that they watched"
	waited      = "Ready waited for another container"
	noTimes     = "without the times of its start or of Ready"
	otherEnd    = "ended otherwise than by a probe during its boot"
)

// slack is what the kubelet may take from a decision to what its status tells.
const slack = 3 * time.Second

// FromPods reads boots from the records of a workload's pods and from events about them: a container's start to its pod's Ready is a boot, one
// that a probe killed before is a killed one, and so is one that is still under way at the instant now. Events may be of other objects too; each
// killing that they count beyond the last one of a pod is a boot that was killed at From or later.
func FromPods(pods []cluster.Pod, events []corev1.Event, w Watch, now time.Time) ([]Boot, Left) {
	left := Left{}
	kills := killings(events, w)
	var seen []booted
	for i := range pods {
		p := &pods[i]
		at := slices.IndexFunc(p.Containers, func(c cluster.ContainerState) bool {
			return c.Name == w.Container && (c.Type == cluster.AppContainer || c.Type == cluster.SidecarContainer)
		})
		if at < 0 {
			continue
		}
		c := &p.Containers[at]
		add := func(b Boot, restarted bool, began time.Time) {
			seen = append(seen, booted{Boot: b, node: p.Node, image: c.ImageID, restarted: restarted, began: began})
		}
		if b, reason := running(p, c, w, now); reason == "" {
			add(b, c.Restarts > 0, c.State.Start)
		} else if c.State.Phase == "running" {
			left[reason]++
		}
		n := kills[p.Namespace+"/"+p.Name]
		if last := c.Last; last.Phase == "terminated" {
			if b, ok := killed(last, n > 0, w); ok {
				add(b, c.Restarts > 1, last.Start)
				n--
			} else {
				left[otherEnd]++
			}
		}
		for ; n > 0 && w.To > 0; n-- {
			add(Boot{At: w.From, Killed: true}, true, time.Time{})
		}
	}
	return strata(seen), left
}

// running is the boot of a container that runs, or the reason why it tells of none.
func running(p *cluster.Pod, c *cluster.ContainerState, w Watch, now time.Time) (b Boot, reason string) {
	if c.State.Phase != "running" || c.State.Start.IsZero() {
		return b, noTimes
	}
	ready := slices.IndexFunc(p.Conditions, func(x cluster.Condition) bool { return x.Type == string(corev1.PodReady) })
	if ready < 0 || p.Conditions[ready].Since.IsZero() {
		return b, noTimes
	}
	r := p.Conditions[ready]
	age := now.Sub(c.State.Start)
	switch took := r.Since.Sub(c.State.Start); {
	case r.Status != "True":
		if c.Started || c.Ready || !p.Deleted.IsZero() || age < 0 || w.To > 0 && age > w.To+slack {
			return b, notReady
		}
		return Boot{At: max(age-slack, 0), Killed: true}, ""
	case took < 0:
		return b, readyBefore
	case w.To > 0 && took > w.To+w.Period+w.Extra+slack, took > longest:
		return b, readyLate
	case slices.ContainsFunc(p.Containers, func(o cluster.ContainerState) bool {
		return o.Name != c.Name && o.Type == cluster.AppContainer && o.State.Start.After(c.State.Start.Add(slack))
	}):
		return b, waited
	default:
		return w.seen(took), ""
	}
}

// seen is a boot that was seen to be over so long after its start.
func (w Watch) seen(took time.Duration) Boot {
	b := Boot{At: max(took-w.Extra, 0), Resolution: time.Second, Period: w.Period}
	if w.Delay > 0 && took <= w.Delay+w.Period+time.Second {
		b.Period = b.At // the first answer; the boot may have been over long before
	}
	return b
}

// killed is the boot that ended with a termination, false when it was over by then or when it cannot be told. A kill of an exit code of SIGTERM or
// SIGKILL at an age at which the probe kills is one.
func killed(x cluster.ContainerPhase, told bool, w Watch) (b Boot, ok bool) {
	if x.Start.IsZero() || x.End.IsZero() || w.To == 0 || x.Reason == "OOMKilled" {
		return b, false
	}
	life := x.End.Sub(x.Start)
	signal := x.ExitCode == 143 || x.ExitCode == 137
	if life < w.From-time.Second || life > w.To+w.Grace+slack || !told && !signal {
		return b, false
	}
	return Boot{At: max(w.From, life-w.Grace-slack), Killed: true}, true
}

// killings counts what events say of boots that were killed, by namespace and name of the pod (kuberuntime_manager.go computePodActions: "Container app
// failed startup probe, will be restarted").
func killings(events []corev1.Event, w Watch) map[string]int {
	probe := "liveness"
	if w.Startup {
		probe = "startup"
	}
	n := map[string]int{}
	for i := range events {
		e := &events[i]
		if e.Reason != "Killing" || e.InvolvedObject.Kind != "Pod" || !strings.Contains(e.Message, fmt.Sprintf("Container %s failed %s probe", w.Container, probe)) {
			continue
		}
		times := int(e.Count)
		if e.Series != nil {
			times = int(e.Series.Count)
		}
		n[e.InvolvedObject.Namespace+"/"+e.InvolvedObject.Name] += max(times, 1)
	}
	return n
}

// booted is a boot with where it was.
type booted struct {
	Boot
	node, image string
	restarted   bool
	began       time.Time
}

// Strata that pods show.
const (
	FirstOnNode = "first of its image on a node"
	AgainOnNode = "again on a node"
	Restarted   = "restarted in place"
)

// strata sorts boots by what may be warm: a node that has run the image has its files in memory, and a container that is restarted all of its pod's.
func strata(seen []booted) []Boot {
	slices.SortStableFunc(seen, func(a, b booted) int { return a.began.Compare(b.began) })
	known := map[[2]string]bool{}
	boots := make([]Boot, 0, len(seen))
	for _, x := range seen {
		key := [2]string{x.node, x.image}
		switch {
		case x.restarted:
			x.Stratum = Restarted
		case x.node == "" || x.image == "" || x.began.IsZero():
		case known[key]:
			x.Stratum = AgainOnNode
		default:
			x.Stratum = FirstOnNode
		}
		known[key] = true
		boots = append(boots, x.Boot)
	}
	return boots
}

// Strata splits boots by stratum, the most frequent first.
func Strata(boots []Boot) [][]Boot {
	by := map[string][]Boot{}
	for _, b := range boots {
		by[b.Stratum] = append(by[b.Stratum], b)
	}
	var out [][]Boot
	for _, group := range by {
		out = append(out, group)
	}
	slices.SortFunc(out, func(a, b []Boot) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0].Stratum, b[0].Stratum))
	})
	return out
}

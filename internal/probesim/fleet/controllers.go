package fleet

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Amount is a number of pods, or a share of them in percent.
type Amount struct {
	Number  int
	Percent bool
}

// of resolves the amount for n pods (apimachinery util/intstr GetScaledValueFromIntOrPercent).
func (a Amount) of(n int, up bool) int {
	if !a.Percent {
		return a.Number
	}
	x := float64(a.Number) * float64(n) / 100
	if up {
		return int(math.Ceil(x))
	}
	return int(math.Floor(x))
}

// Rollout is how a new revision replaces an old one, and how pods count as available.
type Rollout struct {
	// MaxSurge and MaxUnavailable are a Deployment's; nil means 25 %. A StatefulSet replaces one pod after the other.
	MaxSurge, MaxUnavailable *Amount
	MinReady                 time.Duration
	// Parallel is a StatefulSet's podManagementPolicy, Partition its updateStrategy's.
	Parallel  bool
	Partition int
}

func (r Rollout) withDefaults() Rollout {
	quarter := &Amount{25, true}
	if r.MaxSurge == nil {
		r.MaxSurge = quarter
	}
	if r.MaxUnavailable == nil {
		r.MaxUnavailable = quarter
	}
	return r
}

// fenceposts returns how many pods there may be too many and too few while n pods are replaced (deployment/util ResolveFenceposts).
func (r Rollout) fenceposts(n int) (surge, unavailable int) {
	r = r.withDefaults()
	surge, unavailable = r.MaxSurge.of(n, true), r.MaxUnavailable.of(n, false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// replicaSets are the wanted and available pods of the new and the old replica sets of a Deployment.
type replicaSets struct{ newSpec, newAvailable, oldSpec, oldAvailable int }

// step is one sync of the deployment controller towards n pods of the new revision (deployment/rolling.go rolloutRolling): it scales the new replica set up,
// or else the old one down.
func (r Rollout) step(n int, s replicaSets) replicaSets {
	surge, unavailable := r.fenceposts(n)
	if s.newSpec > n { // deployment/util NewRSNewReplicas is not asked then
		s.newSpec = n
		return s
	}
	if s.newSpec < n {
		if up := min(n+surge-s.newSpec-s.oldSpec, n-s.newSpec); up > 0 {
			s.newSpec += up
			return s
		}
	}
	least := n - unavailable
	down := s.newSpec + s.oldSpec - least - (s.newSpec - s.newAvailable)
	if s.oldSpec == 0 || down <= 0 {
		return s
	}
	available := s.newAvailable + s.oldAvailable
	sick := min(down, s.oldSpec-s.oldAvailable) // cleanupUnhealthyReplicas
	s.oldSpec -= sick
	if available > least { // scaleDownOldReplicaSetsForRollingUpdate
		s.oldSpec -= min(s.oldSpec, available-least)
	}
	return s
}

// Budget is a PodDisruptionBudget. One of MinAvailable and MaxUnavailable is set.
type Budget struct {
	MinAvailable, MaxUnavailable *Amount
	AlwaysAllow                  bool // unhealthyPodEvictionPolicy AlwaysAllow
}

// desired is how many healthy pods there have to be of n (disruption/disruption.go getExpectedPodCount).
func (b *Budget) desired(n int) int {
	if b.MinAvailable != nil {
		return b.MinAvailable.of(n, true)
	}
	return max(n-b.MaxUnavailable.of(n, true), 0)
}

// evicts says whether a pod may be evicted when that many of n are healthy (registry/core/pod/storage/eviction.go).
func (b *Budget) evicts(n, healthy int, ready bool) bool {
	if b == nil {
		return true
	}
	want := b.desired(n)
	if !ready && (b.AlwaysAllow || healthy >= want && want > 0) {
		return true
	}
	return n > 0 && healthy > want
}

// Autoscaler is a HorizontalPodAutoscaler on CPU.
type Autoscaler struct {
	Min, Max int
	Target   float64 // utilisation that it aims at, as a share of a pod's capacity
	// BootCPU is what a process uses while it boots, as a share of a pod's capacity; 0 means 1.
	BootCPU float64
}

// Periods of the autoscaler (podautoscaler/config/v1alpha1/defaults.go).
const (
	scaleEvery     = 15 * time.Second
	scaleTolerance = 0.1
	scaleStable    = 5 * time.Minute // downscale stabilisation, and CPU initialization period
)

// usage is one pod as the autoscaler sees it.
type usage struct {
	cpu     float64 // share of a pod's capacity
	ignored bool    // see unmeasured
}

// unmeasured says whether the autoscaler leaves the pod out: it is not ready, and young or never was (podautoscaler/replica_calculator.go groupPods;
// that it never was is read there from a condition that has not changed after the first 30 s).
func (p *pod) unmeasured(now time.Duration) bool {
	return !p.ready && (!p.everReady || now-p.created < scaleStable)
}

// recommend returns the wanted number of pods (podautoscaler/replica_calculator.go GetResourceReplicas).
func (a *Autoscaler) recommend(current int, pods []usage) int {
	measured, ignored, sum := 0, 0, 0.0
	for _, p := range pods {
		if p.ignored {
			ignored++
			continue
		}
		measured++
		sum += p.cpu
	}
	if measured == 0 {
		return current
	}
	ratio := sum / float64(measured) / a.Target
	if ignored == 0 || ratio < 1 {
		if math.Abs(ratio-1) <= scaleTolerance {
			return current
		}
		return int(math.Ceil(ratio * float64(measured)))
	}
	// Those that were left out count as idle when more pods are asked for.
	n := measured + ignored
	again := sum / float64(n) / a.Target
	if math.Abs(again-1) <= scaleTolerance || again < 1 {
		return current
	}
	want := int(math.Ceil(again * float64(n)))
	if want < current {
		return current
	}
	return want
}

// limit bounds a recommendation by the default rates: at most double or four more in 15 seconds, no less than the highest of the last five minutes.
func (a *Autoscaler) limit(current, want int, recent []int) int {
	want = min(want, max(2*current, current+4))
	if want < current {
		want = min(max(want, slices.Max(recent)), current)
	}
	return min(max(want, a.Min), a.Max)
}

// scale asks the autoscaler.
func (f *fleet) scale(now time.Duration) {
	a := f.s.Scaler
	if a == nil || now < f.scaleAt {
		return
	}
	f.scaleAt = now + scaleEvery
	boot := cmp.Or(a.BootCPU, 1)
	f.usages = f.usages[:0]
	for _, p := range f.pods {
		if p.deleting || p.lost {
			continue
		}
		u := usage{cpu: min(p.busy, 1)}
		switch {
		case !p.running:
			u.cpu = 0
		case now < p.bootEnd:
			u.cpu = boot
		}
		u.ignored = p.unmeasured(now)
		f.usages = append(f.usages, u)
	}
	want := a.recommend(f.desired, f.usages)
	f.recent = append(f.recent, want)
	if most := int(scaleStable / scaleEvery); len(f.recent) > most {
		f.recent = f.recent[len(f.recent)-most:]
	}
	if n := a.limit(f.desired, want, f.recent); n != f.desired {
		f.desired, f.dirty = n, true
	}
}

// control lets the controllers act until they have nothing to do.
func (f *fleet) control(now time.Duration) {
	f.scale(now)
	if f.s.Ordered {
		f.ordered(now)
		return
	}
	if !f.dirty && now < f.availableAt {
		return
	}
	f.dirty = false
	for range 4 {
		s := replicaSets{newSpec: f.newSpec, oldSpec: f.oldSpec}
		f.availableAt = now + time.Hour
		for _, p := range f.pods {
			if p.deleting {
				continue
			}
			if p.ready && now-p.readySince < f.s.Rollout.MinReady {
				f.availableAt = min(f.availableAt, p.readySince+f.s.Rollout.MinReady)
			}
			if p.available(now, f.s.Rollout.MinReady) {
				if p.revision == f.revision {
					s.newAvailable++
				} else {
					s.oldAvailable++
				}
			}
		}
		next := f.s.Rollout.step(f.desired, s)
		f.newSpec, f.oldSpec = next.newSpec, next.oldSpec
		changed := f.replicaSet(now, f.revision, f.newSpec)
		changed = f.replicaSet(now, f.revision-1, f.oldSpec) || changed
		if !changed && next == s {
			break
		}
	}
	if f.s.Fault.Kind == NewRevision && f.rolled == 0 && f.revision > 0 && f.oldSpec == 0 && f.ofRevision(now, f.revision) == f.desired {
		f.rolled = now
	}
}

// ofRevision counts available pods.
func (f *fleet) ofRevision(now time.Duration, revision int) (n int) {
	for _, p := range f.pods {
		if p.revision == revision && p.available(now, f.s.Rollout.MinReady) {
			n++
		}
	}
	return n
}

// replicaSet creates or deletes pods of a revision (replicaset/replica_set.go manageReplicas).
func (f *fleet) replicaSet(now time.Duration, revision, want int) bool {
	f.mine = f.mine[:0]
	for _, p := range f.pods {
		if p.revision == revision && !p.deleting && !p.over {
			f.mine = append(f.mine, p)
		}
	}
	if len(f.mine) == want {
		return false
	}
	for n := len(f.mine); n < want; n++ {
		f.create(now, revision, 0)
	}
	if len(f.mine) > want {
		// controller_utils.go ActivePodsWithRanks: not ready first, then the youngest Ready, more restarts, the newest.
		slices.SortStableFunc(f.mine, func(a, b *pod) int {
			switch {
			case a.ready != b.ready:
				if a.ready {
					return 1
				}
				return -1
			case a.ready && a.readySince != b.readySince:
				return cmp.Compare(b.readySince, a.readySince)
			}
			return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(b.created, a.created))
		})
		for _, p := range f.mine[:len(f.mine)-want] {
			f.delete(p, now)
		}
	}
	return true
}

// ordered is a StatefulSet (statefulset/stateful_set_control.go): pods have ordinals, a lost or unready one holds all others.
func (f *fleet) ordered(now time.Duration) {
	at := func(i int) *pod {
		for _, p := range f.pods {
			if p.ordinal == i && !p.over {
				return p
			}
		}
		return nil
	}
	for i := range f.desired {
		p := at(i)
		if p == nil {
			revision := f.revision
			if i < f.s.Rollout.Partition {
				revision = 0
			}
			f.create(now, revision, i)
			if !f.s.Rollout.Parallel {
				return
			}
			continue
		}
		if !f.s.Rollout.Parallel && !p.available(now, f.s.Rollout.MinReady) {
			return
		}
	}
	// processCondemned: the last goes first, and unless Parallel the others wait until it is gone.
	var last *pod
	for _, p := range f.pods {
		if p.ordinal >= f.desired && !p.over && (last == nil || p.ordinal > last.ordinal) && !(p.deleting && f.s.Rollout.Parallel) {
			last = p
		}
	}
	if last != nil {
		f.delete(last, now) // once
		return
	}
	for i := f.desired - 1; i >= f.s.Rollout.Partition; i-- {
		p := at(i)
		if p == nil || p.deleting {
			return
		}
		if p.revision != f.revision {
			f.delete(p, now)
			return
		}
		if !p.available(now, f.s.Rollout.MinReady) {
			return
		}
	}
	if f.s.Fault.Kind == NewRevision && f.rolled == 0 && f.revision > 0 {
		f.rolled = now
	}
}

package fleet

import "time"

// strike lets the fault begin, go on and end.
func (f *fleet) strike(now time.Duration) {
	x := &f.s.Fault
	if !f.struck && now >= f.faultAt() {
		f.struck = true
		f.begin(now)
	}
	if !f.struck {
		return
	}
	if !f.mended && now >= f.faultAt()+x.For {
		f.mended = true
		f.end(now)
	}
	switch x.Kind {
	case KubeletAgain:
		f.restartKubelet(now)
	case NodeLost:
		f.loseNode(now)
	case NodeDrained:
		f.drain(now)
	}
}

func (f *fleet) begin(now time.Duration) {
	x := &f.s.Fault
	switch x.Kind {
	case Start:
		f.dirty = true
		f.newSpec = 0
	case Crash, KubeletAgain:
		for _, p := range f.victims() {
			f.handle(p, p.sim.Crash(now, 0, 1, f.buf[:0]))
			p.next = p.sim.Next()
		}
	case Deadlock:
		for _, p := range f.victims() {
			p.locked, p.hungN = true, p.n
			f.note(p, now)
		}
	case Starved:
		for _, p := range f.victims() {
			p.throttle(now, x.Share)
		}
	case SlowDep:
		f.depExtra = x.Extra
		f.work = float64(f.s.Load.Service) / float64(f.s.Load.Service+x.Extra)
	case DepDown:
		f.depDown = true
	case NodeLost:
		f.lostAt, f.lostNode = now, f.busiest()
		for _, p := range f.pods {
			if p.node == f.lostNode {
				p.lost, p.hit, p.running = true, true, false
				f.note(p, now)
			}
		}
	case NodeDrained:
		f.cordoned = f.busiest()
		f.drainAt = now
	case NewRevision:
		f.revision++
		f.newSpec, f.oldSpec, f.dirty = 0, f.newSpec, true
	case Surge:
		f.surge = x.Share
	}
}

// end is when the cause is gone; what it set off may go on.
func (f *fleet) end(now time.Duration) {
	switch f.s.Fault.Kind {
	case SlowDep:
		f.work, f.depExtra = 1, 0
	case DepDown:
		f.depDown = false
	case Starved:
		for _, p := range f.pods {
			if p.cpu < 1 {
				p.throttle(now, 1)
			}
		}
	case Surge:
		f.surge = 1
	}
}

// restartKubelet restarts the kubelet of the struck pod's node in the middle of the boot that the fault has begun.
func (f *fleet) restartKubelet(now time.Duration) {
	if f.kubeletDone || now < f.faultAt()+f.s.Boot.Quantile(0.5)/2 {
		return
	}
	f.kubeletDone = true
	node := -1
	for _, p := range f.pods {
		if p.hit {
			node = p.node
		}
	}
	for _, p := range f.pods {
		if p.node == node {
			p.sim.RestartKubelet(now)
			p.next = p.sim.Next()
		}
	}
}

// victims are the pods that the fault strikes: the first that run.
func (f *fleet) victims() []*pod {
	var hit []*pod
	for _, p := range f.pods {
		if p.running && !p.deleting && len(hit) < f.s.Fault.Pods {
			p.hit = true
			hit = append(hit, p)
		}
	}
	return hit
}

// busiest is the node with the most pods, the first of several.
func (f *fleet) busiest() int {
	count := make([]int, f.s.Nodes)
	best := 0
	for _, p := range f.pods {
		if count[p.node]++; count[p.node] > count[best] {
			best = p.node
		}
	}
	return best
}

// loseNode is the node lifecycle controller: pods of a node that is not heard of are marked not ready, and evicted after their toleration.
func (f *fleet) loseNode(now time.Duration) {
	if !f.notReadyTold && now >= f.lostAt+nodeGrace {
		f.notReadyTold = true
		for _, p := range f.pods {
			if p.lost {
				p.ready, f.dirty = false, true
				f.propagate(p, now, false)
			}
		}
	}
	if !f.evicted && now >= f.lostAt+nodeGrace+tolerated {
		f.evicted = true
		for _, p := range f.pods {
			if p.lost && !f.s.Ordered { // a StatefulSet's pod waits until somebody confirms that it is gone
				p.deleting, f.dirty = true, true
			}
		}
	}
}

// drain is kubectl drain: it asks for evictions, and again what was refused.
func (f *fleet) drain(now time.Duration) {
	if f.drained > 0 || now < f.drainAt {
		return
	}
	f.drainAt = now + evictionRetry
	left := false
	for _, p := range f.pods {
		if p.node != f.cordoned {
			continue
		}
		left = true
		if p.deleting {
			continue
		}
		healthy := 0
		for _, q := range f.pods {
			if !q.deleting && q.ready {
				healthy++
			}
		}
		if f.s.Budget.evicts(f.desired, healthy, p.ready) {
			p.hit = true
			f.delete(p, now)
		}
	}
	if !left {
		f.drained = now
	}
}

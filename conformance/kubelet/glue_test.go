package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/flowcontrol"
	remote "k8s.io/cri-client/pkg"
	"k8s.io/klog/v2"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/pleg"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/kubernetes/pkg/kubelet/status"
	utilexec "k8s.io/utils/exec"

	"github.com/fairway-k8s/fairway/internal/probesim"
	. "github.com/fairway-k8s/fairway/internal/testkit/probescenario"
)

func init() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	klog.SetLogger(logr.Discard())
	utilruntime.ErrorHandlers = nil // they wait by a clock that every bubble of synctest sets back
}

// incarnation is one process in a container.
type incarnation struct {
	n                     int
	running               bool
	startedAt, finishedAt time.Time
	code                  int
	cid                   string        // as the runtime names it; empty: fake://n
	done                  chan struct{} // closed when it exits
}

func (i *incarnation) id() string {
	if i.cid != "" {
		return i.cid
	}
	return fmt.Sprintf("fake://%d", i.n)
}

// machine is what outlives a kubelet: the processes, the pod's status in the API, and the record of what happened.
type machine struct {
	sc  *Scenario
	pod *v1.Pod
	t0  time.Time // the origin of the scenario's instants, a whole second

	mu      sync.Mutex
	events  []probesim.Event
	runs    [][]*incarnation // per container, oldest first
	api     v1.PodStatus
	changed func()               // told when a process starts or exits
	exited  func(r *incarnation) // told when one exits
	names   func(id string) int  // the incarnation with an ID
}

func newMachine(sc *Scenario) *machine {
	return &machine{sc: sc, pod: podOf(sc), t0: time.Now().Add(time.Hour), runs: make([][]*incarnation, len(sc.Specs)),
		changed: func() {}, exited: func(*incarnation) {}}
}

func (m *machine) now() time.Duration { return time.Since(m.t0) }

// play sleeps through the scenario to its end and lets its acts happen; restart ends the kubelet and begins another.
func (m *machine) play(restart func(at time.Duration)) {
	for _, a := range m.sc.Acts {
		time.Sleep(a.At - m.now())
		switch a.What {
		case Crash:
			m.mu.Lock()
			run := m.current(a.Container)
			m.mu.Unlock()
			if run != nil {
				m.exit(a.Container, run, a.Code)
			}
		case RestartKubelet:
			restart(a.At)
		}
	}
	time.Sleep(m.sc.End - m.now())
}

// record notes an event; m.mu is held.
func (m *machine) record(e probesim.Event) {
	e.At = m.now()
	m.events = append(m.events, e)
}

func (m *machine) current(ci int) *incarnation {
	if runs := m.runs[ci]; len(runs) > 0 {
		return runs[len(runs)-1]
	}
	return nil
}

// start runs a new process in the container.
func (m *machine) start(ci int) *incarnation {
	m.mu.Lock()
	run := &incarnation{n: len(m.runs[ci]), running: true, startedAt: time.Now(), done: make(chan struct{})}
	m.runs[ci] = append(m.runs[ci], run)
	m.record(probesim.Event{Type: probesim.ContainerStarted, Container: ci, Incarnation: run.n})
	life, code := m.sc.Container(ci).App.Run(run.n, m.now())
	m.mu.Unlock()
	if life != probesim.Never {
		time.AfterFunc(life, func() { m.exit(ci, run, code) })
	}
	m.changed()
	return run
}

// exit ends the process, unless it has ended.
func (m *machine) exit(ci int, run *incarnation, code int) {
	m.mu.Lock()
	if !run.running {
		m.mu.Unlock()
		return
	}
	run.running, run.finishedAt, run.code = false, time.Now(), code
	m.record(probesim.Event{Type: probesim.ContainerExited, Container: ci, Incarnation: run.n, Code: code})
	m.mu.Unlock()
	m.exited(run)
	m.changed()
	close(run.done)
}

// terminate is SIGTERM with a grace period, after which the process is killed; it returns when the process has exited.
func (m *machine) terminate(ci int, run *incarnation, grace time.Duration) {
	m.mu.Lock()
	running := run.running
	m.mu.Unlock()
	if !running {
		return
	}
	takes, code := m.sc.Container(ci).App.Stop(run.n, m.now())
	if takes >= grace {
		takes, code = grace, 137
	}
	if takes <= 0 {
		m.exit(ci, run, code)
	} else {
		time.AfterFunc(takes, func() { m.exit(ci, run, code) })
	}
	<-run.done
}

// shell answers probes for one life of the kubelet.
type shell struct {
	m    *machine
	gone func() bool // the kubelet that asks has ended
}

// RunInContainer implements [kubecontainer.CommandRunner]: the command is the kind of the probe.
func (s shell) RunInContainer(_ context.Context, id kubecontainer.ContainerID, cmd []string, timeout time.Duration) ([]byte, error) {
	m := s.m
	failed := utilexec.CodeExitError{Code: 1, Err: errors.New("failed")}
	ci, _ := strconv.Atoi(cmd[1])
	k, _ := strconv.Atoi(cmd[0])
	n, _ := strconv.Atoi(id.ID)
	m.mu.Lock()
	if s.gone() {
		m.mu.Unlock()
		return nil, failed
	}
	m.record(probesim.Event{Type: probesim.ProbeStarted, Container: ci, Incarnation: n, Kind: probesim.Kind(k)})
	run := m.runs[ci][n]
	running, age, at := run.running, time.Since(run.startedAt), m.now()
	m.mu.Unlock()
	if !running {
		return nil, failed
	}
	outcome, takes := m.sc.Container(ci).App.Probe(probesim.Kind(k), n, age, at)
	var err error
	switch {
	case takes >= timeout:
		takes, err = timeout+m.sc.Kubelet.TimeoutLate, fmt.Errorf("%w after %v", remote.ErrCommandTimedOut, timeout)
	case outcome == probesim.Failure:
		err = failed
	case outcome == probesim.Errored:
		err = errors.New("not to be judged")
	}
	t := time.NewTimer(takes)
	defer t.Stop()
	select {
	case <-t.C:
	case <-run.done:
		err = failed
	}
	return nil, err
}

// publish makes the status visible to the prober and notes Started and Ready; m.mu is held. Times are cut to whole seconds, as the status manager does.
func (m *machine) publish(s v1.PodStatus) {
	for i := range s.ContainerStatuses {
		c := &s.ContainerStatuses[i]
		if r := c.State.Running; r != nil {
			r.StartedAt = r.StartedAt.Rfc3339Copy()
		}
	}
	m.api = s
	m.note()
}

// note records Started and Ready of the published status; m.mu is held.
func (m *machine) note() {
	ready := true
	for i := range m.sc.Specs {
		c := m.status(i)
		started := c != nil && c.Started != nil && *c.Started
		if c != nil {
			m.record(probesim.Event{Type: probesim.StartedChanged, Container: i, On: started})
		}
		ready = ready && c != nil && c.Ready
	}
	m.record(probesim.Event{Type: probesim.ReadyChanged, On: ready})
}

func (m *machine) status(ci int) *v1.ContainerStatus {
	for _, statuses := range [][]v1.ContainerStatus{m.api.ContainerStatuses, m.api.InitContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name == name(ci) {
				return &statuses[i]
			}
		}
	}
	return nil
}

// process is that of a kubelet.
type process struct {
	done chan struct{} // closed when it ends
}

func (p process) isGone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// podWorker is pod_workers.go: one goroutine that syncs the pod, and remembers once what is asked of it meanwhile.
type podWorker struct {
	mu             sync.Mutex
	work           chan struct{}
	wanted, isBusy bool
	sync           func()
}

// update is podWorkers.UpdatePod.
func (w *podWorker) update() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted, w.isBusy = true, true
	w.signal()
}

func (w *podWorker) signal() {
	select {
	case w.work <- struct{}{}:
	default:
	}
}

// loop is podWorkerLoop with startPodSync and the end of completeWork.
func (w *podWorker) loop(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-w.work:
		}
		w.mu.Lock()
		wanted := w.wanted
		w.wanted = false
		w.mu.Unlock()
		if !wanted {
			continue
		}
		w.sync()
		w.mu.Lock()
		if w.wanted {
			w.signal()
		} else {
			w.isBusy = false
		}
		w.mu.Unlock()
	}
}

// instant is the kubelet of harness 1: the real prober, and a kubelet around it that sees and does everything at once.
type instant struct {
	process
	m                    *machine
	prober               prober.Manager
	live, ready, started results.Manager
	worker               podWorker
	backOff              *flowcontrol.Backoff
	published            bool
	over, ended          bool
	timer                *time.Timer
}

// statuses is the part of the status manager that the prober uses.
type statuses struct {
	status.Manager
	k *instant
}

func (s statuses) GetPodStatus(types.UID) (v1.PodStatus, bool) {
	s.k.m.mu.Lock()
	defer s.k.m.mu.Unlock()
	return *s.k.m.api.DeepCopy(), s.k.published
}

func newInstant(m *machine) *instant {
	most := m.sc.Kubelet.MaxBackOff
	k := &instant{
		process: process{make(chan struct{})}, m: m, live: results.NewManager(), ready: results.NewManager(), started: results.NewManager(),
		backOff: flowcontrol.NewBackOff(min(10*time.Second, most), most),
	}
	k.worker = podWorker{work: make(chan struct{}, 1), sync: k.sync}
	k.prober = prober.NewManager(statuses{k: k}, k.live, k.ready, k.started, shell{m, k.isGone}, &record.FakeRecorder{})
	return k
}

func (k *instant) run() {
	k.m.mu.Lock()
	k.m.changed = k.changed
	k.m.mu.Unlock()
	go k.worker.loop(k.done)
	go k.loop()
	k.worker.update()
}

func (k *instant) changed() {
	if !k.isGone() {
		k.worker.update()
	}
}

// end is the end of this kubelet's process.
func (k *instant) end() {
	close(k.done)
	if k.timer != nil {
		k.timer.Stop()
	}
	k.prober.RemovePod(k.m.pod)
	go lastWords(k.prober, k.m.pod, nil, k.live, k.ready, k.started)
}

// lastWords hears what nobody needs of a kubelet that has ended: workers that wait to publish a result, and a relist that waits to tell, would wait for ever.
func lastWords(p prober.Manager, pod *v1.Pod, relists <-chan *pleg.PodLifecycleEvent, live, ready, started results.Manager) {
	time.Sleep(time.Second)
	p.RemovePod(pod) // once more: a sync that was under way may have added it
	for {
		select {
		case <-live.Updates():
		case <-ready.Updates():
		case <-started.Updates():
		case <-relists:
		case <-time.After(time.Hour):
			return
		}
	}
}

// loop is kubelet.go syncLoopIteration as far as results go.
func (k *instant) loop() {
	m := k.m
	for {
		select {
		case <-k.done:
			return
		case u := <-k.live.Updates():
			m.told(probesim.Liveness, u)
			if u.Result != results.Failure {
				continue
			}
		case u := <-k.ready.Updates():
			m.told(probesim.Readiness, u)
			m.mu.Lock()
			if c := m.status(0); c != nil && c.ContainerID == u.ContainerID.String() { // SetContainerReadiness
				c.Ready = u.Result == results.Success
				m.note()
			}
			m.mu.Unlock()
		case u := <-k.started.Updates():
			m.told(probesim.Startup, u)
			m.mu.Lock()
			if c := m.status(0); c != nil && c.ContainerID == u.ContainerID.String() { // SetContainerStartup
				on := u.Result == results.Success
				c.Started = &on
				m.note()
			}
			m.mu.Unlock()
		}
		k.worker.update()
	}
}

// synced records the end of a sync.
func (m *machine) synced() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record(probesim.Event{Type: probesim.Synced})
}

// told records a result that a worker published.
func (m *machine) told(k probesim.Kind, u results.Update) {
	n, err := strconv.Atoi(u.ContainerID.ID)
	if err != nil {
		n = m.names(u.ContainerID.ID)
	}
	outcome := map[results.Result]probesim.Outcome{results.Success: probesim.Success, results.Failure: probesim.Failure, results.Unknown: probesim.Errored}[u.Result]
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record(probesim.Event{Type: probesim.ResultChanged, Kind: k, Incarnation: n, Outcome: outcome})
}

// convert is kubelet_pods.go convertToAPIContainerStatuses as far as probes go.
func convert(old v1.PodStatus, seen []*incarnation, ended bool) v1.PodStatus {
	s := v1.PodStatus{Phase: v1.PodRunning}
	if ended {
		s.Phase = v1.PodFailed
	}
	for i, run := range seen {
		c := v1.ContainerStatus{Name: name(i)}
		switch {
		case run == nil:
			c.State.Waiting = &v1.ContainerStateWaiting{}
		case run.running:
			c.ContainerID = run.id()
			c.State.Running = &v1.ContainerStateRunning{StartedAt: metav1.NewTime(run.startedAt)}
			if version >= 35 { // the gate ChangeContainerStatusOnKubeletRestart is off
				for _, o := range old.ContainerStatuses {
					if o.Name == c.Name && o.Started != nil {
						c.Started = o.Started
					}
				}
			}
		default:
			c.ContainerID = run.id()
			c.State.Terminated = &v1.ContainerStateTerminated{ExitCode: int32(run.code)}
		}
		s.ContainerStatuses = append(s.ContainerStatuses, c)
	}
	if oldReady(old) {
		s.Conditions = []v1.PodCondition{{Type: v1.PodReady, Status: v1.ConditionTrue}}
	}
	return s
}

func oldReady(s v1.PodStatus) bool {
	for _, c := range s.ContainerStatuses {
		if !c.Ready {
			return false
		}
	}
	return len(s.ContainerStatuses) > 0
}

func again(r probesim.RestartPolicy, code int) bool {
	return r == probesim.Always || r == probesim.OnFailure && code != 0
}

// sync is one turn of the pod's goroutine. It is repeated when the back-off that it met ends; the end of every sync replaces the instant that an earlier one asked for.
func (k *instant) sync() {
	retry := k.syncPod()
	if !k.ended && !k.isGone() {
		k.m.synced()
	}
	if k.timer != nil {
		k.timer.Stop()
	}
	if !retry.IsZero() && !k.isGone() {
		k.timer = time.AfterFunc(time.Until(retry), k.changed)
	}
}

// syncPod is kubelet.go SyncPod with kuberuntime_manager.go SyncPod, for one container and without latencies. It returns when a back-off ends.
func (k *instant) syncPod() (retry time.Time) {
	m := k.m
	if k.ended || k.isGone() {
		return retry
	}
	spec := m.sc.Specs[0]
	m.mu.Lock()
	var seen []*incarnation
	if run := m.current(0); run != nil {
		c := *run
		seen = append(seen, &c)
	} else {
		seen = append(seen, nil)
	}
	var exited *incarnation // as of now, before any kill
	for _, run := range m.runs[0] {
		if !run.running {
			c := *run
			exited = &c
		}
	}
	old := *m.api.DeepCopy()
	m.mu.Unlock()
	cur := seen[0]
	over := cur != nil && !cur.running && !again(spec.Restart, cur.code)
	s := convert(old, seen, over)
	pod := m.pod.DeepCopy()
	pod.Status = s // conditions: what the API has
	s.Conditions = nil
	updatePodStatus(k.prober, pod, &s)
	m.mu.Lock()
	k.published = true
	m.publish(s)
	m.mu.Unlock()
	if over {
		k.ended = true
		k.prober.RemovePod(m.pod)
		return retry
	}
	addPod(k.prober, m.pod)
	if cur != nil && cur.running {
		id := kubecontainer.ParseContainerID(cur.id())
		why, kill := probesim.Liveness, false
		probe := spec.Liveness
		if r, ok := k.live.Get(id); ok && r == results.Failure {
			kill = true
		} else if r, ok := k.started.Get(id); ok && r == results.Failure {
			why, kill, probe = probesim.Startup, true, spec.Startup
		}
		if !kill {
			return retry
		}
		m.mu.Lock()
		m.record(probesim.Event{Type: probesim.Killing, Incarnation: cur.n, Kind: why})
		run := m.runs[0][cur.n]
		m.mu.Unlock()
		grace := spec.Grace
		if probe.Grace > 0 && spec.Restart != probesim.NeverRestart { // the whole pod is killed, and the probe's own does not count
			grace = probe.Grace
		}
		hook := min(spec.PreStop, grace)
		if k.sleep(hook) {
			return retry
		}
		m.terminate(0, run, max(grace-hook, 2*time.Second))
		if k.isGone() || spec.Restart == probesim.NeverRestart {
			return retry
		}
	}
	if exited != nil {
		if k.backOff.IsInBackOffSince("c", exited.finishedAt) {
			until := exited.finishedAt.Add(k.backOff.Get("c"))
			m.mu.Lock()
			n := m.current(0).n
			m.record(probesim.Event{Type: probesim.BackingOff, Incarnation: n, Until: until.Sub(m.t0)})
			m.mu.Unlock()
			return until
		}
		k.backOff.Next("c", exited.finishedAt)
	}
	m.start(0)
	return retry
}

// sleep waits, and says whether the kubelet has ended meanwhile.
func (k *instant) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-k.done:
	}
	return k.isGone()
}

func name(ci int) string { return "c" + strconv.Itoa(ci) }

// podOf is the scenario's pod as the API has it.
func podOf(sc *Scenario) *v1.Pod {
	pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", UID: "u"}}
	grace := int64(sc.Specs[0].Grace / time.Second)
	pod.Spec.TerminationGracePeriodSeconds = &grace
	pod.Spec.RestartPolicy = []v1.RestartPolicy{v1.RestartPolicyAlways, v1.RestartPolicyOnFailure, v1.RestartPolicyNever}[sc.Specs[0].Restart]
	for i, s := range sc.Specs {
		c := v1.Container{Name: name(i), Image: "i", ImagePullPolicy: v1.PullIfNotPresent} // it is there: nothing is written about a pull
		probe := func(k probesim.Kind, p *probesim.Probe) *v1.Probe {
			if p == nil {
				return nil
			}
			out := &v1.Probe{
				InitialDelaySeconds: int32(p.InitialDelay / time.Second), PeriodSeconds: int32(p.Period / time.Second), TimeoutSeconds: int32(p.Timeout / time.Second),
				SuccessThreshold: int32(p.SuccessThreshold), FailureThreshold: int32(p.FailureThreshold),
			}
			out.Exec = &v1.ExecAction{Command: []string{strconv.Itoa(int(k)), strconv.Itoa(i)}}
			if p.Grace > 0 {
				g := int64(p.Grace / time.Second)
				out.TerminationGracePeriodSeconds = &g
			}
			return out
		}
		c.StartupProbe, c.ReadinessProbe, c.LivenessProbe = probe(probesim.Startup, s.Startup), probe(probesim.Readiness, s.Readiness), probe(probesim.Liveness, s.Liveness)
		if s.PreStop > 0 {
			c.Lifecycle = &v1.Lifecycle{PreStop: &v1.LifecycleHandler{Sleep: &v1.SleepAction{Seconds: int64(s.PreStop / time.Second)}}}
		}
		if s.Sidecar {
			always := v1.ContainerRestartPolicyAlways
			c.RestartPolicy = &always
			pod.Spec.InitContainers = append(pod.Spec.InitContainers, c)
			continue
		}
		pod.Spec.Containers = append(pod.Spec.Containers, c)
	}
	return pod
}

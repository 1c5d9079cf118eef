package kubelet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/flowcontrol"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	cri "k8s.io/cri-api/pkg/apis/testing"
	"k8s.io/klog/v2"
	kubecontainer "k8s.io/kubernetes/pkg/kubelet/container"
	"k8s.io/kubernetes/pkg/kubelet/pleg"
	kubepod "k8s.io/kubernetes/pkg/kubelet/pod"
	"k8s.io/kubernetes/pkg/kubelet/prober"
	"k8s.io/kubernetes/pkg/kubelet/prober/results"
	"k8s.io/kubernetes/pkg/kubelet/status"
	"k8s.io/kubernetes/pkg/kubelet/util/queue"
	"k8s.io/utils/clock"

	"github.com/fairway-k8s/fairway/internal/probesim"
)

// runtimeService is the fake container runtime with processes that follow the scenario's application. It belongs to one life of the kubelet; the containers
// in it, which outlive that, belong to the machine.
type runtimeService struct {
	*cri.FakeRuntimeService
	m    *machine
	gone func() bool
	done <-chan struct{}
	runs map[string]*incarnation
}

var errGone = errors.New("the kubelet that asks has ended")

func (r *runtimeService) index(id string) (ci int) {
	r.Lock()
	defer r.Unlock()
	fmt.Sscanf(r.Containers[id].Metadata.Name, "c%d", &ci)
	return ci
}

func (r *runtimeService) CreateContainer(ctx context.Context, sandbox string, c *runtimeapi.ContainerConfig, s *runtimeapi.PodSandboxConfig) (string, error) {
	if r.gone() {
		return "", errGone
	}
	r.Lock()
	// What the kubelet's garbage collection removes, but sooner: all but the newest two that have exited.
	var old []*cri.FakeContainer
	for _, x := range r.Containers {
		if x.Metadata.Name == c.Metadata.Name && x.State == runtimeapi.ContainerState_CONTAINER_EXITED {
			old = append(old, x)
		}
	}
	slices.SortFunc(old, func(a, b *cri.FakeContainer) int { return int(a.Metadata.Attempt) - int(b.Metadata.Attempt) })
	for i := 0; i < len(old)-2; i++ {
		delete(r.Containers, old[i].Id)
	}
	r.Called = nil
	r.Unlock()
	return r.FakeRuntimeService.CreateContainer(ctx, sandbox, c, s)
}

func (r *runtimeService) StartContainer(ctx context.Context, id string) error {
	if r.gone() {
		return errGone
	}
	if err := r.FakeRuntimeService.StartContainer(ctx, id); err != nil {
		return err
	}
	run := r.m.start(r.index(id))
	r.Lock()
	r.runs[id] = run
	r.Unlock()
	return nil
}

// exited gives the container of the process the state that it has now.
func (r *runtimeService) exited(run *incarnation) {
	r.Lock()
	defer r.Unlock()
	for id, x := range r.runs {
		if x == run {
			c := r.Containers[id]
			c.State, c.FinishedAt, c.ExitCode = runtimeapi.ContainerState_CONTAINER_EXITED, run.finishedAt.UnixNano(), int32(run.code)
		}
	}
}

func (r *runtimeService) run(id string) *incarnation {
	r.Lock()
	defer r.Unlock()
	return r.runs[id]
}

// StopContainer returns when the process has exited, or the kubelet that asks has ended.
func (r *runtimeService) StopContainer(_ context.Context, id string, grace int64) error {
	if r.gone() {
		return errGone
	}
	ci, run := r.index(id), r.run(id)
	stopped := make(chan struct{})
	go func() { r.m.terminate(ci, run, time.Duration(grace)*time.Second); close(stopped) }()
	select {
	case <-stopped:
	case <-r.done:
		return errGone
	}
	return nil
}

func (r *runtimeService) StopPodSandbox(ctx context.Context, id string) error {
	if r.gone() {
		return errGone
	}
	return r.FakeRuntimeService.StopPodSandbox(ctx, id)
}

func (r *runtimeService) ExecSync(ctx context.Context, id string, cmd []string, timeout time.Duration) ([]byte, []byte, error) {
	run := r.run(id)
	out, err := shell{r.m, r.gone}.RunInContainer(ctx, kubecontainer.ContainerID{Type: "fake", ID: fmt.Sprint(run.n)}, cmd, timeout)
	return out, nil, err
}

// full is the kubelet of harness 2: prober, status manager, relist, runtime manager and work queue are the real ones.
type full struct {
	process
	m                    *machine
	rt                   *runtimeService
	runtime              kubecontainer.Runtime
	cache                kubecontainer.Cache
	pleg                 pleg.PodLifecycleEventGenerator
	events               chan *pleg.PodLifecycleEvent
	status               status.Manager
	prober               prober.Manager
	live, ready, started results.Manager
	queue                queue.WorkQueue
	worker               podWorker
	backOff              *flowcontrol.Backoff
	lastSync             time.Time
	ended                bool
}

type nothing struct{}

func (nothing) PodCouldHaveRunningContainers(*v1.Pod) bool       { return true }
func (nothing) RecordStatusUpdated(*v1.Pod)                      {}
func (nothing) DeletePodStartupState(types.UID)                  {}
func (nothing) IsPodTerminationRequested(types.UID) bool         { return false }
func (nothing) ShouldPodContentBeRemoved(types.UID) bool         { return false }
func (nothing) ShouldPodRuntimeBeRemoved(types.UID) bool         { return false }
func (nothing) RecordImageStartedPulling(types.UID)              {}
func (nothing) RecordImageFinishedPulling(types.UID)             {}
func (nothing) RecordInitContainerStarted(types.UID, time.Time)  {}
func (nothing) RecordInitContainerFinished(types.UID, time.Time) {}

// events records what the runtime manager tells: kills with their reason, and restarts that it refuses.
type events struct{ k *full }

func (e events) tell(o runtime.Object, reason, message string) {
	m := e.k.m
	ref, ok := o.(*v1.ObjectReference)
	if !ok || e.k.isGone() {
		return
	}
	var ci int
	fmt.Sscanf(ref.FieldPath[strings.Index(ref.FieldPath, "{")+1:], "c%d", &ci)
	m.mu.Lock()
	defer m.mu.Unlock()
	run := m.current(ci)
	switch {
	case reason == "Killing" && strings.Contains(message, "failed liveness"):
		m.record(probesim.Event{Type: probesim.Killing, Container: ci, Incarnation: run.n, Kind: probesim.Liveness})
	case reason == "Killing" && strings.Contains(message, "failed startup"):
		m.record(probesim.Event{Type: probesim.Killing, Container: ci, Incarnation: run.n, Kind: probesim.Startup})
	case reason == "Killing": // the whole pod, for the probe of its only container
		kind := probesim.Startup
		for id, r := range e.k.rt.runs {
			if v, ok := e.k.live.Get(kubecontainer.ContainerID{Type: e.k.runtime.Type(), ID: id}); r == run && ok && v == results.Failure {
				kind = probesim.Liveness
			}
		}
		m.record(probesim.Event{Type: probesim.Killing, Container: ci, Incarnation: run.n, Kind: kind})
	case reason == "BackOff":
		m.record(probesim.Event{Type: probesim.BackingOff, Container: ci, Incarnation: run.n})
	}
}

func (e events) Event(o runtime.Object, _, reason, message string) { e.tell(o, reason, message) }
func (e events) Eventf(o runtime.Object, _, reason, format string, args ...any) {
	e.tell(o, reason, fmt.Sprintf(format, args...))
}
func (e events) AnnotatedEventf(o runtime.Object, _ map[string]string, _, reason, format string, args ...any) {
	e.tell(o, reason, fmt.Sprintf(format, args...))
}
func (e events) WithLogger(klog.Logger) record.EventRecorderLogger { return e }

// scratch is where the runtime manager may write.
var scratch = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "kubelet")
	if err != nil {
		panic(err)
	}
	return dir
})

func newFull(m *machine, old *full) *full {
	most := m.sc.Kubelet.MaxBackOff
	k := &full{
		process: process{make(chan struct{})}, m: m, live: results.NewManager(), ready: results.NewManager(), started: results.NewManager(),
		backOff: flowcontrol.NewBackOff(min(10*time.Second, most), most), cache: kubecontainer.NewCache(),
		queue: queue.NewBasicWorkQueue(clock.RealClock{}), events: make(chan *pleg.PodLifecycleEvent, 1000),
	}
	k.rt = &runtimeService{FakeRuntimeService: cri.NewFakeRuntimeService(), m: m, gone: k.isGone, done: k.done, runs: map[string]*incarnation{}}
	if old != nil { // the containers are still there
		k.rt.FakeRuntimeService, k.rt.runs = old.rt.FakeRuntimeService, old.rt.runs
	}
	m.exited = k.rt.exited
	m.names = func(id string) int { return k.rt.run(id).n }
	images := cri.NewFakeImageService()
	images.SetFakeImages([]string{"i"})
	k.runtime = newRuntime(k, images)
	k.worker = podWorker{work: make(chan struct{}, 1), sync: k.sync}
	pods := kubepod.NewBasicPodManager()
	pods.AddPod(m.pod)
	k.status = status.NewManager(nil, pods, nothing{}, nothing{})
	k.prober = prober.NewManager(k.status, k.live, k.ready, k.started, k.runtime.(kubecontainer.CommandRunner), &record.FakeRecorder{})
	k.pleg = pleg.NewGenericPLEG(klog.Background(), k.runtime, k.events, &pleg.RelistDuration{RelistPeriod: time.Second, RelistThreshold: 3 * time.Minute},
		k.cache, clock.RealClock{})
	return k
}

// run starts the kubelet's loops; it is told of the pod at the instant first.
func (k *full) run(first, poll time.Duration) {
	k.pleg.Start()
	go k.worker.loop(k.done)
	time.Sleep(poll - k.m.now())
	go k.loop()
	time.Sleep(first - k.m.now())
	k.worker.update()
}

// end is the end of this kubelet's process.
func (k *full) end() {
	close(k.done)
	k.pleg.(interface{ Stop() }).Stop()
	k.prober.RemovePod(k.m.pod)
	k.cache.UpdateTime(time.Now().Add(time.Hour)) // whoever waits for the runtime's state waits no longer
	go lastWords(k.prober, k.m.pod, k.events, k.live, k.ready, k.started)
}

// loop is kubelet.go syncLoopIteration.
func (k *full) loop() {
	m := k.m
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-k.done:
			return
		case e := <-k.events:
			if e.Type == pleg.ContainerRemoved { // isSyncPodWorthy
				continue
			}
		case <-tick.C:
			if len(k.queue.GetWork()) == 0 {
				continue
			}
		case u := <-k.live.Updates():
			m.told(probesim.Liveness, u)
			if u.Result != results.Failure {
				continue
			}
		case u := <-k.ready.Updates():
			m.told(probesim.Readiness, u)
			k.set(func() { setReadiness(k.status, u, u.Result == results.Success) })
		case u := <-k.started.Updates():
			m.told(probesim.Startup, u)
			k.set(func() { setStartup(k.status, u, u.Result == results.Success) })
		}
		k.worker.update()
	}
}

// set changes the published status, and notes it.
func (k *full) set(change func()) {
	k.m.mu.Lock()
	defer k.m.mu.Unlock()
	change()
	if s, ok := k.status.GetPodStatus(k.m.pod.UID); ok {
		k.m.api = s
		k.m.note()
	}
}

// sync is one turn of pod_workers.go podWorkerLoop with completeWork.
func (k *full) sync() {
	seen, err := k.cache.GetNewerThan(k.m.pod.UID, k.lastSync)
	if err != nil || k.ended || k.isGone() {
		return
	}
	acted, err := k.syncPod(seen)
	// The real one takes longer; in no time a second sync would be let go on with what was known before this one.
	time.Sleep(time.Microsecond)
	k.lastSync = time.Now()
	if k.isGone() || k.ended {
		return
	}
	k.m.synced()
	if acted && err == nil {
		go func() {
			time.Sleep(time.Microsecond) // as above: this relist is newer than the sync
			if !k.isGone() {
				requestRelist(k)
			}
		}()
	}
	const jitter = 0.5
	switch retry, ok := retryAt(err); {
	case err == nil:
		k.queue.Enqueue(k.m.pod.UID, wait.Jitter(time.Minute, jitter))
	case ok:
		k.queue.Enqueue(k.m.pod.UID, wait.Jitter(min(max(time.Until(retry), 0), time.Minute), jitter))
	default:
		k.queue.Enqueue(k.m.pod.UID, wait.Jitter(10*time.Second, jitter))
	}
}

// syncPod is kubelet.go SyncPod.
func (k *full) syncPod(seen *kubecontainer.PodStatus) (acted bool, err error) {
	m := k.m
	m.mu.Lock()
	old := *m.api.DeepCopy()
	m.mu.Unlock()
	newest := make([]*incarnation, len(m.sc.Specs))
	over := true
	for i, spec := range m.sc.Specs {
		cs := seen.FindContainerStatusByName(name(i))
		if cs == nil {
			over = false
			continue
		}
		run := k.rt.run(cs.ID.ID)
		newest[i] = &incarnation{n: run.n, running: cs.State == kubecontainer.ContainerStateRunning, startedAt: cs.StartedAt, finishedAt: cs.FinishedAt, code: cs.ExitCode, cid: cs.ID.String()}
		over = over && !newest[i].running && !spec.Sidecar && !again(spec.Restart, cs.ExitCode)
	}
	s := convert(old, newest, over)
	pod := m.pod.DeepCopy()
	pod.Status = s
	s.Conditions = nil
	updatePodStatus(k.prober, pod, &s)
	k.set(func() { setPodStatus(k.status, m.pod, s) })
	if over {
		k.ended = true
		k.prober.RemovePod(m.pod)
		return false, nil
	}
	addPod(k.prober, m.pod)
	result := syncPod(k, seen)
	return len(result.SyncResults) > 0, result.Error()
}

// playFull plays the scenario from the start of the kubelet on, in harness 2.
func (m *machine) playFull() {
	k := newFull(m, nil)
	// Its relist has the phase of its start, and its sync loop another.
	start := m.sc.At - m.sc.Kubelet.Uptime
	poll := start - start%time.Second + m.sc.Kubelet.PollPhase
	for poll < start {
		poll += time.Second
	}
	k.run(m.sc.At, poll)
	m.play(func(at time.Duration) {
		k.end()
		k = newFull(m, k)
		k.run(at, at)
	})
	k.end()
}

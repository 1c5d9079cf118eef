package paths

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// TestMain lets more trials run at once than there are processors: they mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// image is the sample application's. All its versions are one program, which says the version that its settings name.
const image = "localhost/sample"

// A trial is a service on the node.
type trial struct {
	*bed.Bed
	ns      string
	dir     string
	profile string         // the folder of dir that is applied
	flags   []string       // of fairway new, to choose the catalogue
	file    map[string]any // the service file
}

// try runs a trial in a namespace of its own.
func try(t *testing.T, b *bed.Bed, x *trial, run func(*testing.T, *trial)) {
	t.Helper()
	x.Bed, x.dir = b, t.TempDir()
	x.file["resources"] = map[string]any{"cpu": "50m"} // all trials have room on one small node
	b.Kubectl(t, list(t, []object{restricted(x.ns)}), "apply", "--server-side", "--filename=-")
	defer func() {
		if t.Failed() {
			t.Log(x.kubectl(t, "", "get", "pods,jobs,events", "--output=wide"))
		}
		b.Kubectl(t, "", "delete", "namespace", x.ns, "--wait=false")
	}()
	run(t, x)
}

// The newest version of every shape runs: with the sample application its pods become ready or complete, held in as the defaults of
// security say, and each shape does what its defaults are there for.
func TestNode(t *testing.T) {
	b := bed.Node(t)
	// Every cloud labels its nodes so; members of a stateful service are spread over zones, and a node without one gets none.
	b.Kubectl(t, "", "label", "node", "--all", "topology.kubernetes.io/zone=zone-1")
	for _, version := range []string{"1.0.0", "1.1.0"} {
		b.Load(t, image+":"+version, "./sampleapp")
	}
	runs := map[string]func(*testing.T, *trial){
		"stateless-service": runService,
		"async-worker":      runWorker,
		"cron-job":          runCronJob,
		"stateful-service":  runStateful,
	}
	c, err := goldenpath.Open(content.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range c.Shapes() {
		run := runs[shape]
		if run == nil {
			t.Errorf("nothing runs the shape %s", shape)
			continue
		}
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			try(t, b, &trial{ns: shape, profile: "deploy/base", file: map[string]any{
				"path": shape + "@" + c.Newest(shape), "name": "sample", "owner": "team", "namespace": shape, "image": image + ":1.0.0",
				"config": map[string]any{"files": []string{"sample.env"}},
			}}, run)
		})
	}
	t.Run("careless", func(t *testing.T) {
		t.Parallel()
		try(t, b, &trial{ns: "careless", profile: "deploy/base", file: map[string]any{
			"path": "stateless-service", "name": "sample", "owner": "team", "namespace": "careless", "image": image + ":1.0.0",
			"config": map[string]any{"files": []string{"sample.env"}},
		}}, runCareless)
	})
	t.Run("upgrades", func(t *testing.T) {
		t.Parallel()
		upgrades(t, b)
	})
}

// upgrades takes a service of each shape of the example of an organisation's catalogue from its first version to its last, as its team
// would: each version runs, and a service that answers constant requests loses none of them on the way.
func upgrades(t *testing.T, b *bed.Bed) {
	c, err := goldenpath.Open(os.DirFS(koreCatalogue))
	if err != nil {
		t.Fatal(err)
	}
	settings := func(mode string) []any {
		return []any{map[string]any{"name": "MODE", "value": mode}, map[string]any{"name": "VERSION", "value": "1.0.0"}}
	}
	files := map[string]map[string]any{
		"stateless-service": {"settings": settings("service"), "replicas": 2, "boot": "5s"},
		"async-worker":      {"settings": settings("worker"), "replicas": 2, "boot": "5s", "longestJob": "5s"},
		"cron-job":          {"settings": settings("job"), "schedule": "0 0 1 1 *"},
		"stateful-service": {"settings": settings("stateful"), "replicas": 1, "boot": "5s", "size": "10Mi",
			"backup": "none, a test"},
	}
	for _, shape := range c.Shapes() {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			versions := c.Versions(shape)
			x := &trial{ns: "kore-" + shape, profile: "k8s", flags: []string{"--catalogue", koreCatalogue}, file: files[shape]}
			x.file["path"], x.file["name"], x.file["owner"], x.file["namespace"], x.file["image"] = shape+"@"+versions[0], "sample", "team", x.ns, image+":1.0.0"
			try(t, b, x, func(t *testing.T, x *trial) {
				if shape == "stateful-service" {
					x.volumes(t, 1)
					x.file["storageClass"] = x.ns
				}
				x.apply(t)
				x.runs(t, shape, versions[0])
				var l *load
				if shape == "stateless-service" {
					l = startLoad(t.Context(), x.service(t)+"/")
				}
				for _, version := range versions[1:] {
					before := x.pods(t)
					fairway(t, append([]string{"upgrade", "--take=all", "--force", "--to=" + version, x.dir}, x.flags...)...)
					x.applied(t)
					x.runs(t, shape, version)
					if l != nil { // until the last pod is gone
						x.kubectl(t, "", append([]string{"wait", "--for=delete", "--timeout=2m"}, before...)...)
					}
				}
				if l != nil {
					l.stop()
					l.lostNone(t)
				}
			})
		})
	}
}

// runs waits until all pods are of the version that was applied, and ready; or runs a job of it.
func (x *trial) runs(t *testing.T, shape, version string) {
	t.Helper()
	began := time.Now()
	switch shape {
	case "cron-job":
		job := "job/run-" + strings.ReplaceAll(version, ".", "-")
		x.kubectl(t, "", "create", "job", strings.TrimPrefix(job, "job/"), "--from=cronjob/sample")
		x.kubectl(t, "", "wait", "--for=condition=Complete", "--timeout=2m", job)
	case "stateful-service":
		x.kubectl(t, "", "rollout", "status", "statefulset/sample", "--timeout=5m")
	default:
		x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=5m")
	}
	t.Logf("%s@%s runs after %s", shape, version, time.Since(began).Round(time.Second))
}

// runService: three pods are ready; evictions wait for each other; a rolling update under constant requests loses none; a pod that is
// deleted answers what it has.
func runService(t *testing.T, x *trial) {
	x.file["boot"], x.file["request"] = "5s", "10s"
	x.apply(t, "MODE=service", "VERSION=1.0.0", "BOOT=3s")
	x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=3m")
	x.confined(t, "app")
	x.evictions(t)

	address := x.service(t) + "/"
	load := startLoad(t.Context(), address)
	before := x.pods(t)
	x.file["image"] = image + ":1.1.0"
	began := time.Now()
	x.apply(t, "MODE=service", "VERSION=1.1.0", "BOOT=3s")
	x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=5m")
	rollout := time.Since(began)
	x.kubectl(t, "", append([]string{"wait", "--for=delete", "--timeout=2m"}, before...)...)
	load.stop()
	t.Logf("rolling update in %s, its last pod gone after %s", rollout.Round(time.Second), time.Since(began).Round(time.Second))
	load.lostNone(t)
	if load.answered["1.0.0"] == 0 || load.answered["1.1.0"] == 0 {
		t.Errorf("the rollout was not in the middle of the requests: %v", load.answered)
	}

	x.drains(t)
}

// runCareless is the control of runService: without the path's pause before stopping, and with a process that just ends, the same
// requests do get lost in a rolling update.
func runCareless(t *testing.T, x *trial) {
	x.apply(t, "MODE=careless", "VERSION=1.0.0")
	x.kubectl(t, "", "patch", "deployment", "sample", "--type=json", `--patch=[{"op": "remove", "path": "/spec/template/spec/containers/0/lifecycle"}]`)
	x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=3m")
	load := startLoad(t.Context(), x.service(t)+"/")
	x.kubectl(t, "", "rollout", "restart", "deployment/sample")
	x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=3m")
	load.stop()
	t.Log(load)
	if len(load.failed) == 0 {
		t.Error("no request was lost: these requests would not notice a service that loses some")
	}
}

// drains deletes a pod and gives it a request that is open when it is told to stop, 10 s later.
func (x *trial) drains(t *testing.T) {
	t.Helper()
	pod := x.pods(t)[0]
	address := "http://" + x.kubectl(t, "", "get", pod, "--output=jsonpath={.status.podIP}") + ":8080/?for=9s"
	logs := x.follow(t, pod)
	x.kubectl(t, "", "delete", pod, "--wait=false")
	time.Sleep(6 * time.Second)
	got, err := ask(t.Context(), http.DefaultClient, http.MethodGet, address)
	if err != nil || !got.Draining {
		t.Errorf("a request that was open when the pod was told to stop: %+v, %v", got, err)
	}
	said := logs()
	for _, want := range []string{"told to stop with 1 requests open", "stopped with 0 requests open"} {
		if !strings.Contains(said, want) {
			t.Errorf("the pod did not say %q:\n%s", want, said)
		}
	}
}

// runWorker: pods are there; evictions wait for each other; a pod that is deleted ends the job it has.
func runWorker(t *testing.T, x *trial) {
	x.file["boot"], x.file["longestJob"] = "5s", "20s"
	x.apply(t, "MODE=worker", "BOOT=1s", "JOB=15s")
	x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=3m")
	x.confined(t, "app")
	x.evictions(t)

	pod := x.pods(t)[0]
	logs := x.follow(t, pod)
	time.Sleep(2 * time.Second) // into a job
	x.kubectl(t, "", "delete", pod, "--wait=false")
	said := logs()
	jobs := strings.Count(said, " begins")
	if want := fmt.Sprintf("job %d ends", jobs); jobs == 0 || !strings.Contains(said, want) || !strings.Contains(said, fmt.Sprintf("stopped after job %d", jobs)) {
		t.Errorf("the pod did not end the job it had, want %q:\n%s", want, said)
	}
}

// runCronJob: a run completes, one that is asked for and one at its time; a run whose pod is evicted is tried again and has not failed.
func runCronJob(t *testing.T, x *trial) {
	x.file["schedule"], x.file["longestRun"] = "* * * * *", "30s"
	x.file["args"] = []string{"job", "10s"}
	x.file["state"] = []any{map[string]any{"name": "tmp", "path": "/tmp"}}
	x.apply(t)
	x.kubectl(t, "", "create", "job", "asked", "--from=cronjob/sample")
	x.Eventually(t, time.Minute, "Running", "-n", x.ns, "get", "pods", "-l", "batch.kubernetes.io/job-name=asked", "-o", "jsonpath={.items[*].status.phase}")
	x.evict(t, strings.Fields(x.kubectl(t, "", "get", "pods", "-l", "batch.kubernetes.io/job-name=asked", "-o", "name"))[0])
	x.kubectl(t, "", "wait", "--for=condition=Complete", "--timeout=2m", "job/asked")
	if got := x.kubectl(t, "", "get", "job", "asked", "-o", "jsonpath={.status.succeeded} succeeded, {.status.failed} failed"); got != "1 succeeded,  failed" {
		t.Errorf("a job whose first pod was evicted: %s, want 1 succeeded and none failed", got)
	}
	x.Eventually(t, 2*time.Minute, "True", "-n", x.ns, "get", "jobs", "-l", "app.kubernetes.io/name!=none",
		"-o", `jsonpath={.items[?(@.metadata.annotations.batch\.kubernetes\.io/cronjob-scheduled-timestamp)].status.conditions[?(@.type=="Complete")].status}`)
	x.confined(t, "job")
}

// runStateful: a member is ready, finds itself by its name, and has its data after its pod was replaced. A second member waits for
// another node.
func runStateful(t *testing.T, x *trial) {
	x.volumes(t, 2)
	x.file["ports"] = map[string]any{"client": 8080}
	x.file["protocol"], x.file["backup"], x.file["boot"], x.file["stop"] = "http", "none, a test", "5s", "10s"
	x.file["claims"] = []any{map[string]any{"name": "data", "path": "/var/lib/sample", "size": "10Mi"}}
	x.file["storage"] = map[string]any{"classes": map[string]any{"base": x.ns}}
	x.file["replicas"] = 1
	x.apply(t, "MODE=stateful", "VERSION=1.0.0")
	x.kubectl(t, "", "rollout", "status", "statefulset/sample", "--timeout=3m")
	x.confined(t, "app")

	address := x.service(t)
	get := func(path string) string {
		t.Helper()
		text, err := fetch(t.Context(), http.MethodGet, address+path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(text)
	}
	if _, err := fetch(t.Context(), http.MethodPut, address+"/value?is=kept"); err != nil {
		t.Fatal(err)
	}
	ip := x.kubectl(t, "", "get", "pod", "sample-0", "--output=jsonpath={.status.podIP}")
	if got := get("/lookup?host=sample-0.sample-members." + x.ns + ".svc.cluster.local"); got != `["`+ip+`"]` {
		t.Errorf("the member's name is %s, its address %s", got, ip)
	}
	x.kubectl(t, "", "delete", "pod", "sample-0") // which waits until it is gone
	x.Eventually(t, 2*time.Minute, "True", "-n", x.ns, "get", "pod", "sample-0", "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
	x.service(t)
	if value, boots := get("/value"), get("/boots"); value != "kept" || boots != "2" {
		t.Errorf("after its pod was replaced the member has the value %q and has seen %s boots, want kept and 2", value, boots)
	}

	x.file["replicas"] = 2
	x.apply(t, "MODE=stateful", "VERSION=1.0.0")
	x.EventuallySays(t, time.Minute, "1 node(s) didn't match pod anti-affinity rules", // its first reason may be a claim that the scheduler has not seen yet
		"-n", x.ns, "get", "pod", "sample-1", "-o", `jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}`)
}

// volumes makes volumes of this machine for claims of the trial, of a class that has its name, as there is no provisioner. They are local ones, because a kubelet gives those to
// the pod's group, as it does with a cloud's disks.
func (x *trial) volumes(t *testing.T, n int) {
	t.Helper()
	objects := []object{{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": map[string]any{"name": x.ns},
		"provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"}}
	for i := range n {
		dir := filepath.Join(t.TempDir(), "volume")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": map[string]any{"name": fmt.Sprintf("%s-%d", x.ns, i)},
			"spec": map[string]any{"capacity": map[string]any{"storage": "10Mi"}, "accessModes": []string{"ReadWriteOncePod"}, "storageClassName": x.ns,
				"persistentVolumeReclaimPolicy": "Retain", "local": map[string]any{"path": dir},
				"nodeAffinity": map[string]any{"required": map[string]any{"nodeSelectorTerms": []any{map[string]any{
					"matchExpressions": []any{map[string]any{"key": "kubernetes.io/os", "operator": "Exists"}}}}}}}})
	}
	x.Kubectl(t, list(t, objects), "apply", "--server-side", "--filename=-")
}

// apply writes the service file, and the settings if its path has a file for them, runs fairway new, and applies what it wrote.
func (x *trial) apply(t *testing.T, settings ...string) {
	t.Helper()
	if settings == nil {
		delete(x.file, "config")
	} else {
		dir := filepath.Join(x.dir, "deploy", "base", "config")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "sample.env"), []byte(strings.Join(settings, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(x.file) // which is YAML too
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), cli.ServiceFile)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	fairway(t, append([]string{"new", "--from", file, "--dir", x.dir, "--force"}, x.flags...)...)
	x.applied(t)
}

// applied gives the manifests to the API server.
func (x *trial) applied(t *testing.T) {
	t.Helper()
	x.Kubectl(t, "", "apply", "--server-side", "--validate=strict", "--warnings-as-errors", "--kustomize", filepath.Join(x.dir, filepath.FromSlash(x.profile)))
}

// kubectl runs kubectl in the trial's namespace.
func (x *trial) kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	return x.Kubectl(t, stdin, append([]string{"--namespace=" + x.ns}, args...)...)
}

// service returns the URL of the trial's Service once that answers: kube-proxy hears of a pod that is ready a moment later. This machine
// has a route to it, through kube-proxy's rules on the node.
func (x *trial) service(t *testing.T) string {
	t.Helper()
	address := "http://" + x.kubectl(t, "", "get", "service", "sample", "--output=jsonpath={.spec.clusterIP}:{.spec.ports[0].port}")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, err := fetch(ctx, http.MethodGet, address)
		if err == nil {
			return address
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the Service does not answer: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// pods returns the pods that were not told to go, as pod/NAME.
func (x *trial) pods(t *testing.T) (names []string) {
	t.Helper()
	for _, p := range items(t, x.kubectl(t, "", "get", "pods", "--output=json")) {
		if p.at("metadata", "deletionTimestamp") == nil && p.text("status", "phase") == "Running" {
			names = append(names, "pod/"+p.text("metadata", "name"))
		}
	}
	return names
}

// confined compares how a pod's process is held in with what the defaults say: pod-security-restricted, read-only-root,
// token-not-mounted and config-as-files.
func (x *trial) confined(t *testing.T, container string) {
	t.Helper()
	said := x.kubectl(t, "", "logs", "--selector=app.kubernetes.io/name=sample", "--container="+container, "--tail=-1")
	_, text, ok := strings.Cut(said, " confinement ")
	if !ok {
		t.Fatalf("no pod said how it is held in:\n%s", said)
	}
	text, _, _ = strings.Cut(text, "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"uid": 10001., "gid": 10001., "groups": []any{10001.}, "capabilities": "0000000000000000", "noNewPrivs": "1", "seccomp": "2",
		"rootWritable": false, "token": false, "serviceLinks": []any{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the process is not held in as the path says (-want +got):\n%s", diff)
	}
}

// evictions asks for two pods of a disruption budget that lets go of one: the second is refused until the first is replaced.
func (x *trial) evictions(t *testing.T) {
	t.Helper()
	x.Eventually(t, time.Minute, "1", "-n", x.ns, "get", "poddisruptionbudget", "sample", "-o", "jsonpath={.status.disruptionsAllowed}")
	pods := x.pods(t)
	x.evict(t, pods[0])
	err := x.tryEvict(t.Context(), pods[1])
	if err == nil || !strings.Contains(err.Error(), "Cannot evict pod as it would violate the pod's disruption budget.") || !strings.Contains(err.Error(), "(TooManyRequests)") {
		t.Errorf("a second pod was asked for while the first is away: %v, want a refusal with 429", err)
	}
	began := time.Now()
	for err != nil {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("the second pod is still refused: %v", err)
		}
		time.Sleep(time.Second)
		err = x.tryEvict(t.Context(), pods[1])
	}
	t.Logf("a second eviction was let through after %s", time.Since(began).Round(time.Second))
	x.kubectl(t, "", append([]string{"wait", "--for=delete", "--timeout=2m"}, pods[:2]...)...)
	x.kubectl(t, "", "rollout", "status", "deployment/sample", "--timeout=3m")
}

// evict asks for a pod through the eviction API, as kubectl drain does.
func (x *trial) evict(t *testing.T, pod string) {
	t.Helper()
	if err := x.tryEvict(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
}

func (x *trial) tryEvict(ctx context.Context, pod string) error {
	name := strings.TrimPrefix(pod, "pod/")
	_, _, err := x.Run(ctx, fmt.Sprintf(`{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": %q, "namespace": %q}}`, name, x.ns),
		"create", "--raw", "/api/v1/namespaces/"+x.ns+"/pods/"+name+"/eviction", "--filename=-")
	return err
}

// follow reads a pod's log until the pod ends. The function waits for that and returns the log.
func (x *trial) follow(t *testing.T, pod string) func() string {
	t.Helper()
	type end struct {
		said string
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		said, _, err := x.Run(t.Context(), "", "--namespace="+x.ns, "logs", "--follow", pod)
		ended <- end{said, err}
	}()
	return func() string {
		e := <-ended
		if e.err != nil {
			t.Error(e.err)
		}
		return e.said
	}
}

// answer is what the sample application says.
type answer struct {
	Pod, Version string
	Draining     bool
}

func ask(ctx context.Context, client *http.Client, method, url string) (a answer, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(""))
	if err != nil {
		return a, err
	}
	response, err := client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

func fetch(ctx context.Context, method, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, address, response.Status, text.String())
	}
	return text.String(), err
}

// A load is constant requests from outside the pods to a Service. Half of the clients open a connection for each request; the other
// half keep theirs, and POST, which is never sent twice by itself.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	answered map[string]int // by version
	took     []time.Duration
	failed   []string
}

const (
	loadClients = 8
	loadEvery   = 40 * time.Millisecond // of each client, so 200 requests a second
)

func startLoad(ctx context.Context, address string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel, answered: map[string]int{}}
	for i := range loadClients {
		l.done.Go(func() {
			method, transport := http.MethodGet, &http.Transport{DisableKeepAlives: true}
			if i%2 == 1 {
				method, transport = http.MethodPost, &http.Transport{}
			}
			client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
			defer client.CloseIdleConnections()
			for tick := time.Tick(loadEvery); ; {
				select {
				case <-ctx.Done():
					return
				case <-tick:
				}
				began := time.Now()
				got, err := ask(context.WithoutCancel(ctx), client, method, address)
				l.note(method, got, time.Since(began), err)
			}
		})
	}
	return l
}

func (l *load) note(method string, got answer, took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = append(l.failed, fmt.Sprintf("%s at %s after %s: %v", method, time.Now().Format(time.TimeOnly), took, err))
		return
	}
	l.answered[got.Version]++
	l.took = append(l.took, took)
}

// enough is how many requests say that none gets lost.
const enough = 5000

// stop ends the requests when there were enough of them, which takes longer on a busy machine, and waits for those that are open.
func (l *load) stop() {
	for began := time.Now(); l.count() < enough && time.Since(began) < time.Minute; {
		time.Sleep(loadEvery)
	}
	l.cancel()
	l.done.Wait()
	slices.Sort(l.took)
}

// lostNone complains of requests that failed, and of too few of them to say that none does.
func (l *load) lostNone(t *testing.T) {
	t.Helper()
	t.Log(l)
	if len(l.failed) > 0 {
		t.Errorf("%d requests failed, such as: %s", len(l.failed), l.failed[0])
	}
	if n := l.count(); n < enough {
		t.Errorf("%d requests are too few to say anything", n)
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.took) + len(l.failed)
}

func (l *load) String() string {
	at := func(percent int) time.Duration {
		if len(l.took) == 0 {
			return 0
		}
		return l.took[min(len(l.took)-1, len(l.took)*percent/100)].Round(time.Millisecond)
	}
	return fmt.Sprintf("%d requests, %d failed, answered by version %v, median %s, 99th percentile %s, longest %s", l.count(), len(l.failed), l.answered, at(50), at(99), at(100))
}

package testbed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/fairway-k8s/fairway/testbed"
)

const service = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - name: web
        image: localhost/hello:1
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec:
  restartPolicy: Never
  containers:
  - {name: client, image: "localhost/hello:1", args: ["http://web.shop.svc.cluster.local/"]}
`

// Pods become ready by their probes, one finds another through cluster DNS and a Service, logs come back through the kubelet, and
// at the end no process, mount, namespace, link or cgroup is left.
func TestNode(t *testing.T) {
	if err := testbed.NodeNeeds(); err != nil {
		if slices.Contains(strings.Split(os.Getenv("FAIRWAY_REQUIRE"), ","), "node") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	before := traces(t)
	bed := up(t, true)
	if err := bed.Load(t.Context(), "localhost/hello:1", "./internal/hello"); err != nil {
		t.Fatal(err)
	}
	kubectl(t, bed, service, "apply", "-f", "-")
	eventually(t, bed, "2", "-n", "shop", "get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}")
	eventually(t, bed, "Succeeded", "-n", "shop", "get", "pod", "client", "-o", "jsonpath={.status.phase}")
	if got := kubectl(t, bed, "", "-n", "shop", "logs", "client"); !strings.Contains(got, "heard hello") {
		t.Errorf("kubectl logs: got %q, want heard hello", got)
	}

	// Without it no pod that asks for disk is scheduled.
	if got := kubectl(t, bed, "", "get", "node", "node", "-o", "jsonpath={.status.allocatable.ephemeral-storage}"); got == "" {
		t.Error("the node offers no ephemeral storage")
	}

	restartKubelet(t, bed)

	if err := bed.Down(); err != nil {
		t.Fatal(err)
	}
	if got := processes(bed.Dir()); len(got) != 0 {
		t.Errorf("left running:\n%s", strings.Join(got, "\n"))
	}
	for _, trace := range traces(t) {
		if !slices.Contains(before, trace) {
			t.Errorf("left behind: %s", trace)
		}
	}
}

// Another program than the one that holds the bed restarts the kubelet: containers go on, the new one runs pods, and a crashed one is
// replaced too. That the holder ends the new one is seen when the bed goes down.
func restartKubelet(t *testing.T, bed *testbed.Bed) {
	t.Helper()
	kubelet := func() string {
		t.Helper()
		for _, p := range processes(bed.Dir()) {
			if strings.Contains(p, " kubelet --config=") {
				return p
			}
		}
		t.Fatalf("no kubelet among\n%s", strings.Join(processes(bed.Dir()), "\n"))
		return ""
	}
	containers := []string{"-n", "shop", "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].status.containerStatuses[*].containerID}"}
	old, ran := kubelet(), kubectl(t, bed, "", containers...)
	for range 2 {
		if out, err := exec.CommandContext(t.Context(), bed.Program, "restart", "--dir", bed.Dir(), "kubelet").CombinedOutput(); err != nil {
			t.Fatalf("restart kubelet: %v: %s", err, out)
		}
		now := kubelet()
		if now == old {
			t.Errorf("still the same kubelet: %s", now)
		}
		old = now
		pid, err := strconv.Atoi(strings.Fields(now)[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil { // the second time it is a crashed one that is restarted
			t.Fatal(err)
		}
	}
	if err := bed.RestartKubelet(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := kubectl(t, bed, "", containers...); now != ran {
		t.Errorf("containers after the kubelet's restart: got %s, want %s", now, ran)
	}
	kubectl(t, bed, "", "-n", "shop", "scale", "deployment", "web", "--replicas=3")
	eventually(t, bed, "3", "-n", "shop", "get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}")
}

// traces are what a node could leave on a machine beside processes and its folder.
func traces(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"/run/netns/*", "/sys/class/net/*", "/sys/fs/cgroup/fwtb*", "/sys/fs/cgroup/*/fwtb*", "/var/log/containers/*",
		"/var/log/pods/*", "/run/containerd/s/*", "/var/lib/cni/results/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 4 {
			all = append(all, "mount "+fields[4])
		}
	}
	rules, err := exec.Command("iptables-save").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(rules)) {
		// Counters and the time change by themselves.
		if strings.HasPrefix(line, "-A") {
			all = append(all, "rule "+strings.TrimSpace(line))
		}
	}
	return all
}

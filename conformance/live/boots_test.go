package live

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// Boots are read from pods and events as an API server keeps them, live and from a dump alike: pods that came up, one that was killed twice by its
// startup probe, one that still boots. There is no kubelet here; the status is what one writes.
func TestBoots(t *testing.T) {
	b := bed.ControlPlane(t)
	b.Kubectl(t, "", "create", "namespace", "shop")
	b.Kubectl(t, "", "-n", "shop", "create", "serviceaccount", "web")
	b.Kubectl(t, `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - name: app
        image: registry.example.com/web:1.0.0
        ports: [{name: http, containerPort: 8080}, {name: health, containerPort: 8081}]
        startupProbe: {httpGet: {path: /health/started, port: health}, periodSeconds: 10, failureThreshold: 5}
        readinessProbe: {httpGet: {path: /health/ready, port: health}, periodSeconds: 5}
        livenessProbe: {httpGet: {path: /health/live, port: health}, periodSeconds: 20}
`, "apply", "-f", "-")
	var names []string
	for range 60 {
		names = strings.Fields(b.Kubectl(t, "", "-n", "shop", "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}"))
		if len(names) == 4 {
			break
		}
		time.Sleep(time.Second)
	}
	if len(names) != 4 {
		t.Fatalf("pods %v, want 4", names)
	}
	start := time.Now().UTC().Add(-10 * time.Minute).Truncate(time.Second)
	at := func(s int) string { return start.Add(time.Duration(s) * time.Second).Format(time.RFC3339) }
	status := func(name, ready, since, container string) {
		b.Kubectl(t, "", "-n", "shop", "patch", "pod", name, "--subresource=status", "--type=merge", "-p", fmt.Sprintf(
			`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":%q,"lastTransitionTime":%q}],"containerStatuses":[{"name":"app","image":"registry.example.com/web:1.0.0","imageID":"sha256:1",%s}]}}`, ready, since, container))
	}
	status(names[0], "True", at(38), fmt.Sprintf(`"ready":true,"started":true,"restartCount":0,"state":{"running":{"startedAt":%q}}`, at(2)))
	status(names[1], "True", at(43), fmt.Sprintf(`"ready":true,"started":true,"restartCount":0,"state":{"running":{"startedAt":%q}}`, at(2)))
	status(names[2], "True", at(161), fmt.Sprintf(`"ready":true,"started":true,"restartCount":2,"state":{"running":{"startedAt":%q}},"lastState":{"terminated":{"exitCode":143,"reason":"Error","startedAt":%q,"finishedAt":%q}}`, at(120), at(60), at(108)))
	now := time.Now().UTC()
	status(names[3], "False", at(0), fmt.Sprintf(`"ready":false,"started":false,"restartCount":0,"state":{"running":{"startedAt":%q}}`, now.Add(-20*time.Second).Format(time.RFC3339)))
	b.Kubectl(t, fmt.Sprintf(`apiVersion: v1
kind: Event
metadata: {name: killing, namespace: shop}
involvedObject: {apiVersion: v1, kind: Pod, namespace: shop, name: %s, fieldPath: "spec.containers{app}"}
reason: Killing
type: Normal
count: 2
message: Container app failed startup probe, will be restarted
firstTimestamp: %q
lastTimestamp: %q
source: {component: kubelet, host: n1}
`, names[2], at(50), at(108)), "create", "-f", "-")

	answer := func(args ...string) (x struct {
		Boots, Killed int
		Sources       []struct{ LeftOut map[string]int }
	}) {
		code, out, said := run(t, append([]string{"probe", "recommend", "deploy/web", "--plays", "0", "-o", "json"}, args...)...)
		if code != 3 { // a handful of boots cannot tell what one in 10,000 does
			t.Fatalf("%v: exit code %d\n%s%s", args, code, out, said)
		}
		if err := json.Unmarshal([]byte(out), &x); err != nil {
			t.Fatal(err)
		}
		return x
	}
	live := answer("--live", "-n", "shop", "--kubeconfig", b.Kubeconfig())
	if live.Boots != 6 || live.Killed != 3 || len(live.Sources[0].LeftOut) != 0 {
		t.Errorf("live: %+v, want 6 boots, 3 of them cut off, and nothing left out", live)
	}
	archive := filepath.Join(t.TempDir(), "shop.tar.gz")
	if code, _, said := run(t, "dump", "-n", "shop", "--events", "-o", archive, "--kubeconfig", b.Kubeconfig()); code != 0 {
		t.Fatalf("dump: exit code %d\n%s", code, said)
	}
	if from := answer("--from", archive); from.Boots != live.Boots || from.Killed != live.Killed {
		t.Errorf("from a dump: %+v, live: %+v", from, live)
	}
	// Measured there, and the manifest is another.
	code, out, _ := run(t, "probe", "recommend", "deploy/web", "--live", "-n", "shop", "--kubeconfig", b.Kubeconfig(), "--fix")
	if code != 2 || out != "" {
		t.Errorf("--fix without files: exit code %d", code)
	}
}

package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/problem"
)

const twoContainers = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 45
      initContainers:
      - {name: mesh, image: m:1, restartPolicy: Always, startupProbe: {tcpSocket: {port: 1}}}
      containers:
      - name: web
        image: w:1
        lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5]}}}
        startupProbe: {httpGet: {path: /s, port: 80}, failureThreshold: 30, terminationGracePeriodSeconds: 10}
        livenessProbe: {exec: {command: [x]}, periodSeconds: 20, timeoutSeconds: 5, initialDelaySeconds: 7}
      - {name: log, image: l:1}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: d:1}]}
`

func find(t *testing.T, f *workloadFlags, text, name string) (*probedContainer, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f.files = []string{file}
	return f.find(t.Context(), Env{Stderr: io.Discard}, name)
}

func TestFindWorkload(t *testing.T) {
	p, err := find(t, &workloadFlags{}, twoContainers, "deploy/web")
	if err != nil {
		t.Fatal(err)
	}
	s := time.Second
	want := probesim.Spec{
		Startup:  &probesim.Probe{Period: 10 * s, Timeout: s, SuccessThreshold: 1, FailureThreshold: 30, Grace: 10 * s, ByAddress: true},
		Liveness: &probesim.Probe{InitialDelay: 7 * s, Period: 20 * s, Timeout: 5 * s, SuccessThreshold: 1, FailureThreshold: 3},
		Grace:    45 * s, PreStop: 5 * s,
	}
	if d := cmp.Diff(want, p.Spec); d != "" || p.Container.Name != "web" {
		t.Errorf("container %s (-want +got)\n%s", p.Container.Name, d)
	}
	if len(p.Unmodelled) != 2 || !strings.Contains(p.Unmodelled[0], "livenessProbe") || !strings.Contains(p.Unmodelled[1], "1 other container") {
		t.Errorf("unmodelled: %q, want the command of liveness and the sidecar's probes", p.Unmodelled)
	}
	if p, err := find(t, &workloadFlags{container: "mesh"}, twoContainers, "shop/deployment/web"); err != nil || !p.Spec.Sidecar {
		t.Errorf("the sidecar: %v, %v", p, err)
	}
}

// Whoever names a workload badly is told what there is.
func TestFindNoWorkload(t *testing.T) {
	for _, x := range []struct {
		name, container, says string
	}{
		{"web", "", "shop/sts/web"},
		{"deploy/wbe", "", "shop/deploy/web"},
		{"ds/web", "", "shop/deploy/web"},
		{"other/deploy/web", "", "shop/deploy/web"},
		{"deploy/web", "x", "mesh, web, log"},
		{"a/b/c/d", "", ""},
		{"deploy/", "", ""},
	} {
		_, err := find(t, &workloadFlags{container: x.container}, twoContainers, x.name)
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || p.Next == "" || !strings.Contains(p.Why, x.says) {
			t.Errorf("%s: %v, want a problem that names %s", x.name, err, x.says)
		}
	}
}

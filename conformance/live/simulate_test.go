package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// A workload of a cluster is simulated as one of files is: the same numbers, whoever keeps them.
func TestSimulate(t *testing.T) {
	b := bed.ControlPlane(t)
	const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1.0.0
        ports: [{name: http, containerPort: 8080}]
        startupProbe: {httpGet: {path: /health, port: http}, failureThreshold: 5}
        readinessProbe: {httpGet: {path: /health, port: http}}
        livenessProbe: {httpGet: {path: /health, port: http}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: default}
spec: {minAvailable: 100%, selector: {matchLabels: {app: web}}}
`
	b.Kubectl(t, web, "apply", "-f", "-")
	ask := func(from ...string) string {
		args := append([]string{"probe", "simulate", "deploy/web", "--boot", "45s..60s", "--load", "50%", "--seeds", "5", "--fault", "drain", "--fault", "start"}, from...)
		code, stdout, stderr := run(t, args...)
		if code != 0 {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		return stdout
	}
	file := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(file, []byte(web), 0o666); err != nil {
		t.Fatal(err)
	}
	live, files := ask("--live", "--kubeconfig", b.Kubeconfig()), ask("-f", file)
	if live != files {
		t.Errorf("live:\n%s\nfiles:\n%s", live, files)
	}
	if !strings.Contains(live, "drain takes") || !strings.Contains(live, "never") {
		t.Errorf("the disruption budget is not seen:\n%s", live)
	}
}

package recommend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// The boots of koreserver are what its flag says. Pods that come up show it, with the startup period taken out; pods that are killed before show that
// it takes longer than they lasted. Nothing of a kubelet's status or events is made up here.
func TestBootsOfARealNode(t *testing.T) {
	b := bed.Node(t)
	b.Load(t, "localhost/koreserver:recommend", "../../examples/koreserver")
	b.Kubectl(t, "", "create", "namespace", "boots")
	deployment := func(name, boot string, replicas, period, failures int) {
		b.Kubectl(t, fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: boots}
spec:
  replicas: %[3]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - name: app
        image: localhost/koreserver:recommend
        imagePullPolicy: Never
        args: [--truths=three, --boot, %[2]s]
        ports: [{name: http, containerPort: 8080}, {name: health, containerPort: 8081}]
        startupProbe: {httpGet: {path: /health/started, port: health}, periodSeconds: %[4]d, failureThreshold: %[5]d}
        readinessProbe: {httpGet: {path: /health/ready, port: health}, periodSeconds: 2}
        livenessProbe: {httpGet: {path: /health/live, port: health}, periodSeconds: 20}
`, name, boot, replicas, period, failures), "apply", "-f", "-")
	}
	deployment("good", "12s", 8, 5, 12)
	deployment("killed", "40s", 2, 3, 4)
	b.Kubectl(t, "", "-n", "boots", "rollout", "status", "deploy/good", "--timeout=120s")
	b.Eventually(t, 2*time.Minute, "11", "-n", "boots", "get", "pods", "-l", "app=killed", "-o", "go-template", "--template", `{{range .items}}{{range .status.containerStatuses}}{{if .lastState.terminated}}1{{end}}{{end}}{{end}}`)

	type answer struct {
		Boots, Killed int
		Sources       []struct{ LeftOut map[string]int }
		Quantiles     []struct{ Seconds, From, To *float64 }
		Curve         []struct{ Seconds float64 }
	}
	ask := func(name string) (x answer) {
		var out, said bytes.Buffer
		e := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Getenv: func(string) string { return "" }, Now: time.Now}
		code := cli.Run(t.Context(), []string{"fairway", "probe", "recommend", "deploy/" + name, "--live", "-n", "boots", "--kubeconfig", b.Kubeconfig(), "--plays", "0", "-o", "json"}, e)
		if code != 3 { // a handful of boots cannot tell what one in 10,000 does
			t.Fatalf("%s: exit code %d\n%s%s", name, code, out.String(), said.String())
		}
		if err := json.Unmarshal(out.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		return x
	}
	good := ask("good")
	if good.Boots != 8 || good.Killed != 0 {
		t.Fatalf("good: %+v, want 8 boots", good)
	}
	median := good.Quantiles[0]
	if median.Seconds == nil || median.From == nil || median.To == nil {
		t.Fatalf("the median of 8 boots is not known: %+v", good)
	}
	t.Logf("boots of 12 s: median %.1f s, %.1f to %.1f", *median.Seconds, *median.From, *median.To)
	// A busy node starts processes late: the boot is 12 s and what a start and the first schedule take.
	if *median.From > 12.5 || *median.To < 12 || *median.Seconds < 10 || *median.Seconds > 17 {
		t.Errorf("boots of 12 s: median %.1f s, %.1f to %.1f", *median.Seconds, *median.From, *median.To)
	}
	killed := ask("killed")
	if killed.Killed < 2 || killed.Killed != killed.Boots {
		t.Errorf("killed: %+v, want all cut off, two at least", killed)
	}
	if len(killed.Sources[0].LeftOut) > 0 || len(killed.Curve) > 0 {
		t.Errorf("killed: %+v, want nothing left out and no boot that ended", killed)
	}
}

package merge_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
spec:
  replicas: 2  # two zones
  template:
    spec:
      containers:
        - name: app
          image: registry.example.com/checkout:1.4.2
          args: [serve]
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: LOG_LEVEL
              value: info
          resources:
            requests:
              cpu: 100m  # p95 of 30 days
              memory: 128Mi
          livenessProbe:
            httpGet:
              path: /live
              port: http
            periodSeconds: 10
`

// change replaces one text of another, which must be there once.
func change(t testing.TB, text string, oldNew ...string) string {
	t.Helper()
	for i := 0; i < len(oldNew); i += 2 {
		if strings.Count(text, oldNew[i]) != 1 {
			t.Fatalf("%q is not there once", oldNew[i])
		}
		text = strings.Replace(text, oldNew[i], oldNew[i+1], 1)
	}
	return text
}

const probed = "spec.template.spec.containers[name=app].livenessProbe"

// guaranteed has one merge for each guarantee, and for what is special about Kubernetes. want is what ours becomes, as a change of ours.
var guaranteed = []struct {
	name               string
	ours, theirs, want []string
	conflicts          []string
}{
	{name: "(a) only the team changed it", ours: []string{"replicas: 2", "replicas: 8"}, theirs: []string{"periodSeconds: 10", "periodSeconds: 20"},
		want: []string{"periodSeconds: 10", "periodSeconds: 20"}},
	{name: "(b) neighbouring lines", ours: []string{"cpu: 100m", "cpu: 250m"}, theirs: []string{"memory: 128Mi", "memory: 192Mi"},
		want: []string{"memory: 128Mi", "memory: 192Mi"}},
	{name: "(c) both changed it", ours: []string{"replicas: 2", "replicas: 8"}, theirs: []string{"replicas: 2", "replicas: 3"}, conflicts: []string{"spec.replicas"}},
	{name: "(c) the path removed what the team changed", ours: []string{"replicas: 2", "replicas: 8"}, theirs: []string{"  replicas: 2  # two zones\n", ""}, conflicts: []string{"spec.replicas"}},
	{name: "(e) a comment of the team on a changed value", ours: []string{"periodSeconds: 10", "periodSeconds: 10  # agreed with SRE"}, theirs: []string{"periodSeconds: 10", "periodSeconds: 20"},
		want: []string{"periodSeconds: 10 ", "periodSeconds: 20 "}},
	{name: "a comment at the end of a block", ours: []string{"cpu: 100m", "cpu: 250m"}, theirs: []string{"memory: 128Mi\n", "memory: 128Mi\n              # no CPU limit: it throttles\n"},
		want: []string{"memory: 128Mi\n", "memory: 128Mi\n              # no CPU limit: it throttles\n"}},
	{name: "a comment at the end of a block that ours indents otherwise", ours: []string{"              cpu: 100m  # p95 of 30 days\n              memory", "               cpu: 250m  # p95 of 30 days\n               memory"},
		theirs: []string{"memory: 128Mi\n", "memory: 128Mi\n              # no CPU limit: it throttles\n"}, want: []string{"memory: 128Mi\n", "memory: 128Mi\n               # no CPU limit: it throttles\n"}},
	{name: "comments of both at the end of a block", ours: []string{"memory: 128Mi\n", "memory: 128Mi\n              # ours\n"}, theirs: []string{"memory: 128Mi\n", "memory: 128Mi\n              # theirs\n"}},
	{name: "a variable above the comment at the end of its list", ours: []string{"              value: info\n", "              value: info\n            # - name: DEBUG\n"},
		theirs: []string{"              value: info\n", "              value: info\n            - name: GOMEMLIMIT\n              value: 100MiB\n            # keep the order\n"},
		want:   []string{"              value: info\n", "              value: info\n            - name: GOMEMLIMIT\n              value: 100MiB\n"}},
	{name: "another order of keys", ours: []string{"cpu: 100m", "cpu: 250m"},
		theirs: []string{"              cpu: 100m  # p95 of 30 days\n              memory: 128Mi\n", "              memory: 192Mi\n              # p95\n              cpu: 100m  # p95 of 30 days\n"},
		want:   []string{"              cpu: 250m  # p95 of 30 days\n              memory: 128Mi\n", "              memory: 192Mi\n              # p95\n              cpu: 250m  # p95 of 30 days\n"}},
	{name: "another order of keys, one more and one less", ours: []string{"path: /live\n", "path: /live\n              scheme: HTTP\n"},
		theirs: []string{"              path: /live\n              port: http\n            periodSeconds: 10\n", "              port: http\n              host: localhost\n              path: /live\n            failureThreshold: 5\n"},
		want: []string{"              path: /live\n              scheme: HTTP\n              port: http\n            periodSeconds: 10\n",
			"              port: http\n              host: localhost\n              path: /live\n              scheme: HTTP\n            failureThreshold: 5\n"}},
	{name: "another order of keys on each side", ours: []string{"          image: registry.example.com/checkout:1.4.2\n          args: [serve]\n", "          args: [serve]\n          image: registry.example.com/checkout:1.4.2\n"},
		theirs: []string{"          args: [serve]\n          ports:\n            - name: http\n              containerPort: 8080\n", "          ports:\n            - name: http\n              containerPort: 8080\n          args: [serve]\n"}},
	{name: "(f) a deletion stays", ours: []string{"            periodSeconds: 10\n", ""}, theirs: []string{"replicas: 2 ", "replicas: 3 "}, want: []string{"replicas: 2 ", "replicas: 3 "}},
	{name: "(f) a deletion of what the path changed", ours: []string{"            periodSeconds: 10\n", ""}, theirs: []string{"periodSeconds: 10", "periodSeconds: 20"},
		conflicts: []string{"spec.template.spec.containers[name=app].livenessProbe.periodSeconds"}},
	{name: "(g) two probe handlers", ours: []string{"httpGet:\n              path: /live\n              port: http", "tcpSocket:\n              port: http"}, theirs: []string{"/live", "/alive"},
		conflicts: []string{"spec.template.spec.containers[name=app].livenessProbe.httpGet"}},
	{name: "(g) another probe handler on each side", ours: []string{"httpGet:\n              path: /live\n              port: http", "tcpSocket:\n              port: http"},
		theirs:    []string{"httpGet:\n              path: /live\n              port: http", "exec:\n              command: [live]"},
		conflicts: []string{"spec.template.spec.containers[name=app].livenessProbe.tcpSocket"}},
	{name: "(g) the pace of a probe that the team changed, and its tries that the path changed with it", ours: []string{"periodSeconds: 10", "periodSeconds: 7"},
		theirs:    []string{"            periodSeconds: 10\n", "            # 2 tries, 20 s apart\n            periodSeconds: 20\n            failureThreshold: 2\n"},
		conflicts: []string{probed + ".failureThreshold", probed + ".periodSeconds"}},
	{name: "(g) a probe that would give up sooner than either side means", ours: []string{"periodSeconds: 10", "periodSeconds: 5"},
		theirs: []string{"periodSeconds: 10", "periodSeconds: 10\n            failureThreshold: 2"}, conflicts: []string{probed + ".failureThreshold"}},
	{name: "tries and pace of a probe, each from one side", ours: []string{"periodSeconds: 10", "periodSeconds: 15"},
		theirs: []string{"periodSeconds: 10", "periodSeconds: 10\n            failureThreshold: 2"}, want: []string{"periodSeconds: 15", "periodSeconds: 15\n            failureThreshold: 2"}},
	{name: "how long a try may take is a matter of its own", ours: []string{"periodSeconds: 10", "periodSeconds: 7"},
		theirs: []string{"periodSeconds: 10", "periodSeconds: 20\n            timeoutSeconds: 2"}, want: []string{"periodSeconds: 7", "periodSeconds: 7\n            timeoutSeconds: 2"},
		conflicts: []string{probed + ".periodSeconds"}},
	{name: "(g) one variable added twice", ours: []string{"              value: info\n", "              value: info\n            - name: GOMEMLIMIT\n              value: 100MiB\n"},
		theirs:    []string{"          env:\n", "          env:\n            - name: GOMEMLIMIT\n              valueFrom: {resourceFieldRef: {resource: limits.memory}}\n"},
		conflicts: []string{"spec.template.spec.containers[name=app].env[name=GOMEMLIMIT]"}},
	{name: "(g) a container that the path renamed, and one of that name that the team added", ours: []string{"      containers:\n", "      containers:\n        - name: proxy\n          image: registry.example.com/proxy:1\n"},
		theirs: []string{"- name: app", "- name: proxy"}, conflicts: []string{"spec.template.spec.containers[name=app]"}},
	{name: "a container that the team renamed", ours: []string{"- name: app", "- name: checkout"}, theirs: []string{"periodSeconds: 10", "periodSeconds: 20"},
		want: []string{"periodSeconds: 10", "periodSeconds: 20"}},
	{name: "a port that the team changed", ours: []string{"containerPort: 8080", "containerPort: 9090"}, theirs: []string{"containerPort: 8080\n", "containerPort: 8080\n              protocol: TCP\n"},
		want: []string{"containerPort: 9090\n", "containerPort: 9090\n              protocol: TCP\n"}},
	{name: "an equal quantity is no change", ours: []string{"cpu: 100m", `cpu: "0.1"`}, theirs: []string{"cpu: 100m", "cpu: 150m"}, want: []string{`cpu: "0.1"`, "cpu: 150m"}},
	{name: "arguments have an order", ours: []string{"[serve]", "[serve, --workers=8]"}, theirs: []string{"[serve]", "[serve, --otel]"},
		conflicts: []string{"spec.template.spec.containers[name=app].args"}},
}

func TestGuarantees(t *testing.T) {
	for _, test := range guaranteed {
		t.Run(test.name, func(t *testing.T) {
			ours := change(t, deployment, test.ours...)
			got, r := mergeText(t, deployment, ours, change(t, deployment, test.theirs...))
			if want := change(t, ours, test.want...); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			var fields []string
			for _, c := range r.Conflicts {
				fields = append(fields, c.Field)
			}
			if strings.Join(fields, " ") != strings.Join(test.conflicts, " ") {
				t.Errorf("conflicts %v, want %v", fields, test.conflicts)
			}
		})
	}
}

// TestOneSide: a merge with a side that changed nothing is the other side, byte by byte.
func TestOneSide(t *testing.T) {
	all := bases(t)
	for seed := range 500 {
		rng := rand.New(rand.NewPCG(uint64(seed), 2))
		base := all[rng.IntN(len(all))]
		other := mutate(rng, base)
		if got, r := mergeText(t, base, other, base); got != other || len(r.Conflicts) > 0 {
			t.Fatalf("seed %d: theirs changed nothing, and ours is not kept: %v\n%s\n-- base\n%s", seed, r.Conflicts, got, base)
		}
		if got, r := mergeText(t, base, base, other); got != other || len(r.Conflicts) > 0 {
			t.Fatalf("seed %d: ours changed nothing, and theirs is not taken", seed)
		}
	}
}

// TestMoved: objects are the same wherever they stand.
func TestMoved(t *testing.T) {
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: checkout}\nspec:\n  type: ClusterIP\n"
	file := func(name, text string) *source.File { return source.Parse(name, []byte(text)) }
	base := merge.Input{file("all.yaml", deployment+"---\n"+service)}
	ours := merge.Input{file("deployment.yaml", strings.Replace(deployment, "replicas: 2", "replicas: 5", 1)), file("service.yaml", service)}
	theirs := merge.Input{file("all.yaml", service+"---\n"+strings.Replace(deployment, "periodSeconds: 10", "periodSeconds: 20", 1))}
	r, err := merge.Merge(base, ours, theirs, merge.Options{})
	if err != nil || len(r.Conflicts) > 0 || len(r.Files) != 2 {
		t.Fatal(err, r)
	}
	if got := string(r.Files[0].After); !strings.Contains(got, "replicas: 5") || !strings.Contains(got, "periodSeconds: 20") {
		t.Errorf("got\n%s", got)
	}
	if r.Files[1].Changed() {
		t.Error("the Service changed")
	}
}

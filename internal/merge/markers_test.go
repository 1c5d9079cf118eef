package merge_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

func marked(t *testing.T, r *merge.Result, base, theirs string) string {
	t.Helper()
	out, err := merge.Mark(r.Files[0], r.Conflicts, input(base)[0], input(theirs)[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestMark(t *testing.T) {
	for _, test := range []struct {
		name         string
		ours, theirs []string
		want         []string // of ours
	}{
		{"a value", []string{"replicas: 2  # two zones", "replicas: 8  # black friday"}, []string{"replicas: 2 ", "replicas: 3 ", "cpu: 100m", "cpu: 150m"},
			[]string{"  replicas: 8  # black friday\n", "<<<<<<< ours\n  replicas: 8  # black friday\n||||||| base\n  replicas: 2  # two zones\n=======\n  replicas: 3  # two zones\n>>>>>>> theirs\n", "cpu: 100m", "cpu: 150m"}},
		{"in another layout", []string{"requests:\n              cpu: 100m  # p95 of 30 days\n              memory: 128Mi\n", "requests: {cpu: 200m, memory: 128Mi}\n"}, []string{"cpu: 100m", "cpu: 300m"},
			[]string{"            requests: {cpu: 200m, memory: 128Mi}\n", "<<<<<<< ours\n            requests: {cpu: 200m, memory: 128Mi}\n||||||| base\n            requests: {cpu: 100m, memory: 128Mi}\n=======\n            requests: {cpu: 300m, memory: 128Mi}\n>>>>>>> theirs\n"}},
		{"a field that ours removed", []string{"            periodSeconds: 10\n", ""}, []string{"periodSeconds: 10", "periodSeconds: 20"},
			[]string{"              port: http\n", "              port: http\n<<<<<<< ours\n||||||| base\n            periodSeconds: 10\n=======\n            periodSeconds: 20\n>>>>>>> theirs\n"}},
		{"a field that theirs removed", []string{"periodSeconds: 10", "periodSeconds: 20"}, []string{"            periodSeconds: 10\n", ""},
			[]string{"            periodSeconds: 20\n", "<<<<<<< ours\n            periodSeconds: 20\n||||||| base\n            periodSeconds: 10\n=======\n>>>>>>> theirs\n"}},
		{"a field that both added", []string{"  replicas: 2", "  minReadySeconds: 5\n  replicas: 2"}, []string{"  replicas: 2", "  minReadySeconds: 9\n  replicas: 2"},
			[]string{"  minReadySeconds: 5\n", "<<<<<<< ours\n  minReadySeconds: 5\n||||||| base\n=======\n  minReadySeconds: 9\n>>>>>>> theirs\n"}},
		{"fields that exclude each other", []string{"httpGet:\n              path: /live\n              port: http", "tcpSocket:\n              port: http"},
			[]string{"httpGet:\n              path: /live\n              port: http", "exec:\n              command: [live]"},
			[]string{"            tcpSocket:\n              port: http\n", "<<<<<<< ours\n            tcpSocket:\n              port: http\n||||||| base\n            httpGet:\n              path: /live\n              port: http\n=======\n            exec:\n              command: [live]\n>>>>>>> theirs\n"}},
		{"no conflict", []string{"replicas: 2", "replicas: 8"}, []string{"cpu: 100m", "cpu: 150m"}, []string{"cpu: 100m", "cpu: 150m"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ours, theirs := change(t, deployment, test.ours...), change(t, deployment, test.theirs...)
			_, r := mergeText(t, deployment, ours, theirs)
			if got, want := marked(t, r, deployment, theirs), change(t, ours, test.want...); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A file that is no YAML is merged by line, as a whole or not at all: what theirs changed is marked, and what only ours changed is not.
func TestMarkUnreadable(t *testing.T) {
	base, ours, theirs := "{{ a }}: 1\nb: 2\nc: 3\nd: 4\ne: 5\n", "{{ a }}: 9\nb: 2\nc: 7\nd: 4\ne: 5\n", "{{ a }}: 1\nb: 2\nc: 8\nd: 4\ne: 6\n"
	_, r := mergeText(t, base, ours, theirs)
	want := "{{ a }}: 9\nb: 2\n<<<<<<< ours\nc: 7\n||||||| base\nc: 3\n=======\nc: 8\n>>>>>>> theirs\nd: 4\n<<<<<<< ours\ne: 5\n||||||| base\ne: 5\n=======\ne: 6\n>>>>>>> theirs\n"
	if got := marked(t, r, base, theirs); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestMarkRandom: whoever takes ours at all markers has the result of the merge; whoever takes theirs has a file that can be read.
func TestMarkRandom(t *testing.T) {
	all := append(bases(t), deployment)
	conflicts, found := 0, 0
	for seed := range 500 {
		rng := rand.New(rand.NewPCG(uint64(seed), 4))
		base := all[rng.IntN(len(all))]
		ours, theirs := mutate(rng, base), mutate(rng, base)
		after, r := mergeText(t, base, ours, theirs)
		if len(r.Files) == 0 {
			continue
		}
		text := marked(t, r, base, theirs)
		mine, others, n := take(text)
		if strings.TrimRight(mine, "\r\n") != strings.TrimRight(after, "\r\n") {
			t.Fatalf("seed %d: without the markers it is not the result\n%s\n--- but\n%s", seed, text, after)
		}
		if len(r.Conflicts) == 0 && n > 0 {
			t.Fatalf("seed %d: markers without a conflict\n%s", seed, text)
		}
		for _, d := range source.Parse("a", []byte(others)).Docs {
			if d.Err != nil {
				t.Fatalf("seed %d: with theirs at all markers it cannot be read: %v\n%s", seed, d.Err, text)
			}
		}
		if len(r.Conflicts) > 0 {
			conflicts++
			found += min(n, 1)
		}
	}
	t.Logf("%d merges with conflicts, %d with markers", conflicts, found)
	if found < conflicts*9/10 {
		t.Errorf("only %d of %d merges with conflicts have markers", found, conflicts)
	}
}

// take takes one side at all markers, and counts them.
func take(text string) (ours, theirs string, n int) {
	side := "both"
	for line := range strings.Lines(text) {
		switch strings.TrimRight(line, "\r\n") {
		case "<<<<<<< ours":
			side, n = "ours", n+1
		case "||||||| base":
			side = "base"
		case "=======":
			side = "theirs"
		case ">>>>>>> theirs":
			side = "both"
		default:
			if side == "both" || side == "ours" {
				ours += line
			}
			if side == "both" || side == "theirs" {
				theirs += line
			}
		}
	}
	return ours, theirs, n
}

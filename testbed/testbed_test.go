package testbed_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/testbed"
)

// up starts a bed that ends with the test.
func up(t *testing.T, node bool) *testbed.Bed {
	t.Helper()
	program, err := testbed.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := shortDir(t)
	began := time.Now()
	bed, err := testbed.Up(t.Context(), testbed.Options{Program: program, Dir: dir, Node: node})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bed.Down(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("ready after %s", time.Since(began).Round(100*time.Millisecond))
	return bed
}

// shortDir is an empty folder; t.TempDir's name may be longer than a socket's path can be.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "testbed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// eventually runs kubectl until it prints want.
func eventually(t *testing.T, bed *testbed.Bed, want string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		got, err := bed.Kubectl(ctx, "", args...)
		if err == nil && strings.TrimSpace(got) == want {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("kubectl %s: got %q (%v), want %q", strings.Join(args, " "), got, err, want)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func kubectl(t *testing.T, bed *testbed.Bed, input string, args ...string) string {
	t.Helper()
	out, err := bed.Kubectl(t.Context(), input, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// processes are the running processes whose command line or folder is of a bed's folder.
func processes(dir string) []string {
	var found []string
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		args, _ := os.ReadFile(path + "/cmdline")
		at, _ := os.Readlink(path + "/cwd")
		if strings.Contains(string(args), dir) || strings.HasPrefix(at, dir) {
			found = append(found, filepath.Base(path)+" "+strings.ReplaceAll(string(args), "\x00", " "))
		}
	}
	return found
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "localhost/web:1"}
`

// The controllers make the pods of a Deployment, the scheduler says that there is no node, and at the end nothing is left.
func TestControlPlane(t *testing.T) {
	bed := up(t, false)
	kubectl(t, bed, "", "create", "namespace", "shop")
	kubectl(t, bed, deployment, "apply", "-f", "-")
	eventually(t, bed, "Pending Pending", "-n", "shop", "get", "pods", "-o", "jsonpath={.items[*].status.phase}")
	eventually(t, bed, "Unschedulable Unschedulable", "-n", "shop", "get", "pods", "-o",
		`jsonpath={.items[*].status.conditions[?(@.type=="PodScheduled")].reason}`)
	if got := kubectl(t, bed, "", "version"); !strings.Contains(got, "Server Version: v1.36.3") {
		t.Errorf("kubectl version: got %q, want server v1.36.3", got)
	}

	// Five: etcd, the API server, the controller manager, the scheduler and the keeper.
	if got := processes(bed.Dir()); len(got) != 5 {
		t.Errorf("got %d processes, want 5:\n%s", len(got), strings.Join(got, "\n"))
	}
	if err := bed.Down(); err != nil {
		t.Fatal(err)
	}
	if got := processes(bed.Dir()); len(got) != 0 {
		t.Errorf("left running:\n%s", strings.Join(got, "\n"))
	}
	if _, err := os.Stat(bed.Dir()); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// A folder with a user's files is never emptied.
func TestUpLeavesOtherFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(file, []byte(strconv.Itoa(1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := testbed.Up(t.Context(), testbed.Options{Program: "/bin/false", Dir: dir}); err == nil {
		t.Error("a testbed was started in a folder of something else")
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// A program that cannot be a component is said to have ended, with its name, at once.
func TestUpSaysWhatEnded(t *testing.T) {
	_, err := testbed.Up(t.Context(), testbed.Options{Program: "/bin/false", Dir: filepath.Join(t.TempDir(), "bed")})
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver ended") {
		t.Errorf("got error %v, want one that says kube-apiserver ended", err)
	}
}

package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
)

// server is an API server of two kinds, ConfigMaps and Namespaces, as far as this package asks one. It has two namespaces with three
// ConfigMaps each, in pages of two.
type server struct {
	mu    sync.Mutex
	asked []string
	// before may answer a request itself, and then returns true.
	before func(w http.ResponseWriter, r *http.Request) bool
	old    bool // as before aggregated discovery
	more   int  // more namespaces, z0 and so on
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if s.before != nil && s.before(w, r) {
		return
	}
	resource := func(kind, plural, scope string) string {
		return `{"resource":"` + plural + `","responseKind":{"kind":"` + kind + `"},"scope":"` + scope + `","verbs":["get","list"]}`
	}
	switch path := r.URL.Path; {
	case path == "/api" && s.old:
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case path == "/apis" && s.old:
		fmt.Fprint(w, `{"kind":"APIGroupList","groups":[{"name":"gone.example.com","preferredVersion":{"version":"v1"},"versions":[{"version":"v1"}]}]}`)
	case path == "/api/v1" && s.old:
		fmt.Fprint(w, `{"kind":"APIResourceList","resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true,"verbs":["list"]},{"name":"namespaces","kind":"Namespace","verbs":["list"]},{"name":"pods/log","kind":"Pod","verbs":["list"]}]}`)
	case path == "/api":
		fmt.Fprint(w, `{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":""},"versions":[{"version":"v1","resources":[`+resource("ConfigMap", "configmaps", "Namespaced")+","+resource("Namespace", "namespaces", "Cluster")+`]}]}]}`)
	case path == "/apis":
		fmt.Fprint(w, `{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"gone.example.com"},"versions":[{"version":"v1","freshness":"Stale"}]},{"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}`)
	case path == "/api/v1/namespaces":
		list := `{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}`
		for i := range s.more {
			list += fmt.Sprintf(`,{"metadata":{"name":"z%d"}}`, i)
		}
		fmt.Fprintf(w, `{"kind":"NamespaceList","items":[%s]}`, list)
	case path == "/api/v1/namespaces/a", path == "/api/v1/namespaces/b":
		fmt.Fprint(w, `{"kind":"Namespace"}`)
	case strings.HasSuffix(path, "/configmaps"):
		var all []string
		for _, ns := range []string{"a", "b"} {
			if path == "/api/v1/configmaps" || strings.Contains(path, "/"+ns+"/") {
				for i := range 3 {
					all = append(all, fmt.Sprintf(`{"metadata":{"name":"c%d","namespace":"%s"}}`, i, ns))
				}
			}
		}
		start, token := 0, ""
		if t := r.URL.Query().Get("continue"); t != "" {
			fmt.Sscan(t, &start)
		}
		end := min(start+2, len(all))
		if end < len(all) {
			token = fmt.Sprint(end)
		}
		fmt.Fprintf(w, `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"continue":"%s"},"items":[%s]}`, token, strings.Join(all[start:end], ","))
	default:
		refuse(w, 404, "NotFound", "the server could not find the requested resource")
	}
}

// refuse answers as an API server does.
func refuse(w http.ResponseWriter, code int, why, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": why, "message": message})
}

func connect(t *testing.T, s *server) *Client {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	file := filepath.Join(t.TempDir(), "config")
	config := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: x, cluster: {server: %q}}], users: [{name: x, user: {}}], contexts: [{name: x, context: {cluster: x, user: x, namespace: a}}]}`, web.URL)
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(Options{Kubeconfig: file})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func names(in *load.Input) (out []string) {
	for _, t := range in.Objects {
		if t.Kind == "ConfigMap" {
			out = append(out, t.Root.File().Name)
		}
	}
	return out
}

var everything = []string{"a/ConfigMap/c0", "a/ConfigMap/c1", "a/ConfigMap/c2", "b/ConfigMap/c0", "b/ConfigMap/c1", "b/ConfigMap/c2"}

func TestList(t *testing.T) {
	retryAfter = time.Millisecond
	once := func(match string, do func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request) bool {
		var mu sync.Mutex
		done := false
		return func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if done || !strings.Contains(r.URL.RequestURI(), match) {
				return false
			}
			done = true
			do(w)
			return true
		}
	}
	always := func(match string, do func(w http.ResponseWriter)) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.RequestURI(), match) {
				return false
			}
			do(w)
			return true
		}
	}
	expired := func(w http.ResponseWriter) { refuse(w, 410, "Expired", "The provided continue parameter is too old") }
	forbidden := func(w http.ResponseWriter) { refuse(w, 403, "Forbidden", "configmaps is forbidden") }
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"kind":"ConfigMapList","items":[{"metadata":{"name":"c2","namespace":"a"}},{"met`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, x := range []struct {
		name       string
		server     *server
		namespaces []string
		want       []string
		state      cluster.State // of ConfigMaps, in namespace b
		failures   int
	}{
		{"all namespaces", &server{}, nil, everything, cluster.Listed, 0},
		{"one namespace", &server{}, []string{"b"}, everything[3:], cluster.Listed, 0},
		{"another namespace", &server{}, []string{"a"}, everything[:3], cluster.NotAsked, 0},
		{"an old server", &server{old: true}, nil, everything, cluster.Listed, 0},
		{"an expired token", &server{before: once("continue=4", expired)}, nil, everything, cluster.Listed, 0},
		{"a token that always expires", &server{before: always("continue=4", expired)}, nil, everything[:4], cluster.Failed, 1},
		{"too many requests", &server{before: once("continue=2", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "1")
			refuse(w, 429, "TooManyRequests", "too many requests")
		})}, nil, everything, cluster.Listed, 0},
		{"a broken connection", &server{before: once("continue=2", half)}, nil, everything, cluster.Listed, 0},
		{"a connection that always breaks", &server{before: always("continue=2", half)}, nil, everything[:3], cluster.Failed, 1},
		{"forbidden everywhere", &server{before: always("/configmaps", forbidden)}, nil, nil, cluster.Forbidden, 0},
		{"forbidden for all at once", &server{before: always("/api/v1/configmaps", forbidden)}, nil, everything, cluster.Listed, 0},
		{"forbidden in one namespace", &server{before: func(w http.ResponseWriter, r *http.Request) bool {
			if p := r.URL.Path; p == "/api/v1/configmaps" || p == "/api/v1/namespaces/b/configmaps" {
				forbidden(w)
				return true
			}
			return false
		}}, nil, everything[:3], cluster.Forbidden, 0},
		{"forbidden in very many namespaces", &server{more: 100, before: always("/configmaps", forbidden)}, nil, nil, cluster.Forbidden, 0},
		{"gone meanwhile", &server{before: always("/configmaps", func(w http.ResponseWriter) { refuse(w, 404, "NotFound", "gone") })}, nil, nil, cluster.NotServed, 0},
		{"an error of the server's", &server{before: always("/configmaps", func(w http.ResponseWriter) { refuse(w, 500, "InternalError", "etcd is sad") })}, nil, nil, cluster.Failed, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			in, err := connect(t, x.server).List(t.Context(), Selection{Namespaces: x.namespaces})
			if err != nil {
				t.Fatal(err)
			}
			if got := names(in); !slices.Equal(got, x.want) {
				t.Errorf("listed %v, want %v\nasked %s", got, x.want, strings.Join(x.server.asked, "\n"))
			}
			if got := in.Coverage.Of("", "ConfigMap", "b"); got != x.state {
				t.Errorf("ConfigMaps in b are %s, want %s: %+v", got, x.state, in.Coverage.Rows())
			}
			if n := len(x.server.asked); n > 40 {
				t.Errorf("%d requests", n)
			}
			// The group whose server does not answer is always among the failures.
			if got := len(in.Failures) - 1; got != x.failures {
				t.Errorf("%d failures, want %d: %+v", got, x.failures, in.Failures)
			}
			if got := in.Coverage.Of("gone.example.com", "Thing", "a"); got != cluster.Failed {
				t.Errorf("the kinds of a group that does not answer are %s", got)
			}
			if got := in.Coverage.Of("example.com", "Thing", "a"); got != cluster.NotServed {
				t.Errorf("the kinds of a group that is not there are %s", got)
			}
		})
	}
}

// A server that does not come to an end is left, an object that cannot be read is passed over, and the rest is kept.
func TestListEnds(t *testing.T) {
	retryAfter = time.Millisecond
	t.Cleanup(func() { silence = 90 * time.Second })
	lists := func(answer func(w http.ResponseWriter, r *http.Request)) *server {
		return &server{before: func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/configmaps") {
				return false
			}
			answer(w, r)
			return true
		}}
	}
	const head = `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"c0","namespace":"a"}}`
	pages := 0
	for _, x := range []struct {
		name   string
		server *server
		says   string
	}{
		{"the same token again and again", lists(func(w http.ResponseWriter, r *http.Request) {
			token := "x"
			if pages++; pages > 3 { // so that a client that goes on is caught, not waited for
				token = ""
			}
			fmt.Fprint(w, head+`],"metadata":{"continue":"`+token+`"}}`)
		}), "no end"},
		{"nothing more within a page", lists(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, head)
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
		}), "has sent nothing"},
		{"an object that goes on and on", lists(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, head+`,{"metadata":{"name":"`)
			for range 100 {
				_, _ = w.Write(bytes.Repeat([]byte{'a'}, 1<<20))
			}
			fmt.Fprint(w, `"}}]}`)
		}), "larger than"},
		{"an object that is none", lists(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, head+`,5,{"metadata":{"name":"c1","namespace":"a"}}]}`)
		}), "(2 read)"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if silence = 90 * time.Second; x.says == "has sent nothing" {
				silence = 500 * time.Millisecond
			}
			in, err := connect(t, x.server).List(t.Context(), Selection{Namespaces: []string{"a"}})
			if err != nil {
				t.Fatal(err)
			}
			if got := names(in); len(got) == 0 || got[0] != "a/ConfigMap/c0" {
				t.Errorf("listed %v", got)
			}
			if len(in.Failures) != 2 || !strings.Contains(in.Failures[0].Message, x.says) {
				t.Errorf("failures %+v, want one that says %q", in.Failures, x.says)
			}
		})
	}
}

// Neither is discovery waited for or read without end.
func TestDiscoveryEnds(t *testing.T) {
	t.Cleanup(func() { silence = 90 * time.Second })
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		errSilent.Error(): func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(3 * time.Second):
			}
		},
		errTooMuch.Error(): func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"kind":"`)
			for range maxWhole>>20 + 1 {
				_, _ = w.Write(bytes.Repeat([]byte{'a'}, 1<<20))
			}
			fmt.Fprint(w, `"}`)
		},
	} {
		if silence = 90 * time.Second; name == errSilent.Error() {
			silence = 500 * time.Millisecond
		}
		s := &server{before: func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true }}
		_, err := connect(t, s).List(t.Context(), Selection{})
		if problem.ExitCode(err) != ExitUnreachable || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

// A server that asks for patience for ever gets some.
func TestListWaits(t *testing.T) {
	maxWait = time.Second
	t.Cleanup(func() { maxWait = 10 * time.Second })
	refused := map[string]bool{}
	s := &server{}
	s.before = func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p := r.URL.Path; refused[p] || p != "/apis" && !strings.HasSuffix(p, "/configmaps") {
			return false
		}
		refused[r.URL.Path] = true
		w.Header().Set("Retry-After", "1000000000")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":1000000000}}`)
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	in, err := connect(t, s).List(ctx, Selection{Namespaces: []string{"a"}})
	if err != nil || !slices.Equal(names(in), everything[:3]) {
		t.Errorf("%v", err)
	}
}

// Names of kinds that would be other paths are not asked for, and said.
func TestOddKinds(t *testing.T) {
	const odd = `{"resource":"../../../../secret-path","responseKind":{"kind":"X"},"verbs":["list"]},{"resource":"xs","responseKind":{"kind":"../X"},"verbs":["list"]}`
	for name, s := range map[string]*server{
		"aggregated": {before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/apis" {
				return false
			}
			fmt.Fprint(w, `{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"odd.example.com"},"versions":[{"version":"v1","resources":[`+odd+`]}]},
				{"metadata":{"name":".."},"versions":[{"version":"..","resources":[{"resource":"ys","responseKind":{"kind":"Y"},"verbs":["list"]}]}]}]}`)
			return true
		}},
		"old": {old: true, before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/apis/gone.example.com/v1" {
				return false
			}
			fmt.Fprint(w, `{"kind":"APIResourceList","resources":[{"name":"..","kind":"X","verbs":["list"]},{"name":"xs","kind":"../X","verbs":["list"]}]}`)
			return true
		}},
	} {
		in, err := connect(t, s).List(t.Context(), Selection{})
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Failures) < 2 || !slices.Equal(names(in), everything) {
			t.Errorf("%s: %v, failures %+v", name, names(in), in.Failures)
		}
		for _, uri := range s.asked {
			if strings.Contains(uri, "secret-path") || strings.Contains(uri, "xs") || strings.Contains(uri, "ys?") {
				t.Errorf("%s: asked for %s", name, uri)
			}
		}
	}
}

func TestListStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &server{before: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("continue") != "" {
			cancel()
		}
		return false
	}}
	if _, err := connect(t, s).List(ctx, Selection{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A server that wants TLS answers plain requests with 400 and a text that is no Status.
func TestPlainHTTP(t *testing.T) {
	_, err := connect(t, &server{before: func(w http.ResponseWriter, r *http.Request) bool {
		http.Error(w, "Client sent an HTTP request to an HTTPS server.", http.StatusBadRequest)
		return true
	}}).List(t.Context(), Selection{})
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || problem.ExitCode(err) != ExitUnreachable || !strings.Contains(p.Next, "https://") {
		t.Errorf("got %+v", err)
	}
}

func TestUnknownNamespace(t *testing.T) {
	_, err := connect(t, &server{}).List(t.Context(), Selection{Namespaces: []string{"c"}})
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || problem.ExitCode(err) != 2 || !strings.Contains(p.What, `"c"`) || !strings.Contains(p.Next, "-n ") {
		t.Errorf("got %+v", err)
	}
}

func TestConnect(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write(`{apiVersion: v1, kind: Config, current-context: staging, clusters: [{name: c, cluster: {server: "https://example.com"}}], users: [{name: u, user: {}}],
contexts: [{name: staging, context: {cluster: c, user: u, namespace: shop}}, {name: production, context: {cluster: c, user: u}}]}`)
	t.Setenv("KUBECONFIG", good)
	for _, x := range []struct {
		o                          Options
		context, namespace, server string
	}{
		{Options{}, "staging", "shop", "https://example.com"},
		{Options{Namespace: "web"}, "staging", "web", "https://example.com"},
		{Options{Context: "production"}, "production", "default", "https://example.com"},
		{Options{Kubeconfig: good}, "staging", "shop", "https://example.com"},
		{Options{Kubeconfig: write(`{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: c, cluster: {server: "https://u:s3cr3t@example.com:6443/k8s"}}], contexts: [{name: a, context: {cluster: c}}]}`)},
			"a", "default", "https://example.com:6443/k8s"},
	} {
		c, err := Connect(x.o)
		if err != nil || c.Context != x.context || c.Namespace != x.namespace || c.Server != x.server {
			t.Errorf("%+v: %+v, %v", x.o, c, err)
		}
	}
	for _, x := range []struct {
		name, kubeconfig, context string
		what, next                string
	}{
		{"a context that is not there", good, "prod", `there is no context "prod"`, "choose one"},
		{"a slip", good, "stagin", `there is no context "stagin"`, "--context staging"},
		{"a current context that is not there", write(`{apiVersion: v1, kind: Config, current-context: x, contexts: []}`), "", `the current context is "x"`, "--kubeconfig"},
		{"no current context", write(`{apiVersion: v1, kind: Config, contexts: [{name: a, context: {cluster: c}}]}`), "", "no cluster is configured", "--context"},
		{"no file", filepath.Join(t.TempDir(), "none"), "", "cannot read the kubeconfig", "exists"},
		{"no YAML", write("clusters: ["), "", "cannot read the kubeconfig", "correct"},
		{"a context without a cluster", write(`{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}]}`), "", "does not say how to reach", "correct"},
	} {
		_, err := Connect(Options{Kubeconfig: x.kubeconfig, Context: x.context})
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || problem.ExitCode(err) != 2 || !strings.Contains(p.What, x.what) || !strings.Contains(p.Next, x.next) {
			t.Errorf("%s: %v, next %q", x.name, err, p.Next)
		}
	}
}

package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// server is an API server that is asked without kubectl, thousands of times.
type server struct {
	base string
	http *http.Client
}

func newServer(t *testing.T, b *bed.Bed) *server {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", b.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return &server{config.Host, c}
}

// path is where objects of a kind are created.
func path(kind, namespace string) string {
	group, version, plural, _ := gate.Resource(kind)
	at := "/apis/" + group + "/" + version
	if group == "" {
		at = "/api/" + version
	}
	if namespace != "" {
		at += "/namespaces/" + namespace
	}
	return at + "/" + plural
}

// answer is what a dry run of a creation came to.
type answer struct {
	warnings []string
	denied   string // the message of the policy that denied it: the API server tells of the first one only
	refused  string // why else it was refused
}

var (
	warning = regexp.MustCompile(`^299 - "((?:[^"\\\\]|\\\\.)*)"`)
	denial  = regexp.MustCompile(`ValidatingAdmissionPolicy '[^']*' with binding '[^']*' denied request: (.*)`)
)

// create asks for an object to be created, as a dry run.
func (s *server) create(ctx context.Context, at string, object []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+at+"?dryRun=All", bytes.NewReader(object))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	for _, w := range res.Header.Values("Warning") {
		if m := warning.FindStringSubmatch(w); m != nil {
			a.warnings = append(a.warnings, m[1])
		}
	}
	if res.StatusCode == http.StatusCreated {
		return a, nil
	}
	var status metav1.Status
	if err := json.Unmarshal(body, &status); err != nil {
		return a, fmt.Errorf("%s: %s: %w", at, res.Status, err)
	}
	if m := denial.FindStringSubmatch(status.Message); m != nil {
		a.denied = m[1]
	} else {
		a.refused = status.Message
	}
	return a, nil
}

// export writes what a plan exports as one stream.
func export(plan *gate.Plan) string {
	var all []string
	for _, f := range plan.Export("test") {
		all = append(all, string(f.Data))
	}
	return strings.Join(all, "---\n")
}

// until waits for a condition.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	end := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(end) {
			t.Fatalf("after %s still not: %s", limit, what)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

package listing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/testkit/clustertest"
)

// one adds an object and returns the tree that came of it, as compact JSON.
func one(t *testing.T, raw string) string {
	t.Helper()
	c := New(Options{})
	if err := c.Add("", "", []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if len(c.Trees) != 1 {
		t.Fatalf("%d trees", len(c.Trees))
	}
	b, err := c.Trees[0].Root.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// YAML forbids characters that an API server takes in any text.
func TestWrittenCharacters(t *testing.T) {
	for _, text := range []string{"a\u0085b", "\u2028\u2029", "\uFFFE\uFFFF", "\uFEFF\x7f\u0080", "ä😀", "x\xffy"} {
		raw := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n"},"data":{"k":"` + text + `"}}`
		var want, got map[string]any
		if json.Unmarshal([]byte(raw), &want) != nil || json.Unmarshal([]byte(one(t, raw)), &got) != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestWritten(t *testing.T) {
	const defaulted = `"spec":{"replicas":1,"revisionHistoryLimit":10,"progressDeadlineSeconds":600,"selector":{"matchLabels":{"app":"a"}},` +
		`"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}},` +
		`"template":{"metadata":{"creationTimestamp":null,"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"a:1","imagePullPolicy":"IfNotPresent",` +
		`"ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],` +
		`"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}`
	const bare = `"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"a:1","ports":[{"containerPort":80}]}]}}}`
	head := func(meta string) string {
		return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":"n"` + meta + `},`
	}
	object := func(meta string) string {
		return head(`,"uid":"u","resourceVersion":"7","generation":2`+meta) + defaulted + `,"status":{"replicas":1}}`
	}
	for _, x := range []struct{ name, raw, want string }{
		{"created", object(""), head("") + bare + "}"},
		{"applied", object(`,"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{\"replicas\":1,\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{}}],\"restartPolicy\":\"Always\"}}}}"}`),
			head("") + `"spec":{"replicas":1,"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"a","image":"a:1","ports":[{"containerPort":80}],"resources":{}}],"restartPolicy":"Always"}}}}`},
		{"applied server-side", object(`,"managedFields":[{"manager":"x","operation":"Apply","fieldsV1":{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{"f:protocol":{}}}}}}}}}}]`),
			head("") + strings.Replace(bare, `{"containerPort":80}`, `{"containerPort":80,"protocol":"TCP"}`, 1) + "}"},
		{"another value than the default", strings.Replace(object(""), `"replicas":1,`, `"replicas":3,`, 1), head("") + strings.Replace(bare, `"spec":{`, `"spec":{"replicas":3,`, 1) + "}"},
		{"scaled by an autoscaler", strings.Replace(object(`,"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"spec\":{}}"}`), `"replicas":1,`, `"replicas":3,`, 1), head("") + bare + "}"},
		{"a custom resource of the same name", `{"apiVersion":"batch.example.com/v1","kind":"Job","metadata":{"name":"a"},"spec":{"backoffLimit":6,"template":{"spec":{"restartPolicy":"Always"}}},"status":{}}`,
			`{"apiVersion":"batch.example.com/v1","kind":"Job","metadata":{"name":"a"},"spec":{"backoffLimit":6,"template":{"spec":{"restartPolicy":"Always"}}}}`},
		{"a service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"clusterIP":"10.0.0.7","clusterIPs":["10.0.0.7"],"internalTrafficPolicy":"Cluster","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack",` +
			`"ports":[{"port":80,"protocol":"TCP","targetPort":80,"nodePort":30000}],"sessionAffinity":"None","type":"ClusterIP"}}`, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}`},
		{"a headless service", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"clusterIP":"None","clusterIPs":["None"]}}`, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"clusterIP":"None"}}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			if d := cmp.Diff(x.want, one(t, x.raw)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// What is left out comes back: with its defaults filled in, what was written is the object as it was, so that nothing but defaults was left out.
func TestDefaultsComeBack(t *testing.T) {
	in := load.Strings(clustertest.Manifests())
	for _, dir := range []string{"../../examples/wild-west", "../testkit/seeded/bundle"} {
		more, err := load.Load(t.Context(), []string{dir}, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		in.Objects = append(in.Objects, more.Objects...)
	}
	checked, smaller := 0, 0
	for _, o := range in.Objects {
		before := apiserver.Check(o.Root, apiserver.Options{})
		if before.Object == nil || len(before.Problems) > 0 || o.Kind == "Secret" || strings.HasPrefix(o.APIVersion, "extensions/") || strings.Contains(o.APIVersion, "beta") {
			continue
		}
		raw, err := json.Marshal(before.Object) // as an API server would send it
		if err != nil {
			t.Fatal(err)
		}
		raw = nodePort.ReplaceAll(raw, nil) // nobody can tell one that was chosen from one that was written
		doc := source.Parse("", raw).Docs[0]
		text := written(doc.Root, o.APIVersion, o.Kind)
		back := source.Parse("", text).Docs[0]
		if back.Err != nil {
			t.Fatalf("%v: %s", back.Err, text)
		}
		after := apiserver.Check(back.Root, apiserver.Options{})
		got, err := json.Marshal(after.Object)
		if err != nil {
			t.Fatal(err)
		}
		checked++
		if len(text) < len(raw) {
			smaller++
		}
		if d := cmp.Diff(plain(t, raw), plain(t, got)); d != "" {
			t.Errorf("%s %s: -before +after\n%s\nwritten: %s", o.Kind, o.Root.Get("metadata").Get("name").Text(), d, text)
		}
		for _, never := range []string{`"terminationMessagePath":"/dev/termination-log"`, `"dnsPolicy":"ClusterFirst"`, `"schedulerName"`, `"revisionHistoryLimit":10`, `"status"`, `"creationTimestamp"`} {
			if strings.Contains(string(text), never) {
				t.Errorf("%s %s: %s is taken for written", o.Kind, o.Root.Get("metadata").Get("name").Text(), never)
			}
		}
	}
	if checked < 60 || smaller < 40 {
		t.Errorf("%d objects were checked, %d of them had defaults", checked, smaller)
	}
}

var nodePort = regexp.MustCompile(`,?"nodePort":[0-9]+`)

// plain decodes an object without its status, which is not written.
func plain(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "status")
	return m
}

func TestSecretsLoseTheirValues(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	const value = "czNjcjN0LXZhbHVl" // s3cr3t-value
	raw := `{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"a","namespace":"n","annotations":{` +
		`"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"k\":\"` + value + `\"}}","example.com/copy":"s3cr3t-value","cert-manager.io/issuer-name":"ca"},` +
		`"managedFields":[{"operation":"Apply","fieldsV1":{"f:data":{"f:k":{}}}}]},"data":{"k":"` + value + `","tls.crt":"` + cert + `"},"stringData":{"x":"s3cr3t-value"},"spec":{"y":"s3cr3t-value"}}`
	c := New(Options{})
	// As a list has it, without a version, and by itself.
	for _, from := range [][2]string{{"v1", "Secret"}, {"", "Secret"}, {"", ""}} {
		if err := c.Add(from[0], from[1], []byte(raw)); err != nil {
			t.Fatal(err)
		}
		text := string(c.Trees[len(c.Trees)-1].Root.File().Data)
		for _, s := range []string{value, "s3cr3t-value"} {
			if strings.Contains(text, s) {
				t.Errorf("%q: the tree holds %s: %s", from, s, text)
			}
		}
	}
	text := string(c.Trees[0].Root.File().Data)
	if !strings.Contains(text, `"k":""`) || !strings.Contains(text, "cert-manager.io/issuer-name") {
		t.Errorf("the tree lacks a key or an annotation: %s", text)
	}
	s := c.Records.Secrets[0]
	if s.Type != "kubernetes.io/tls" || len(s.Keys) != 2 || s.Keys[0].Size != 12 || !s.Keys[0].NotAfter.IsZero() || s.Keys[1].NotAfter.Format("2006-01-02") != "2031-02-03" {
		t.Errorf("record %+v", s)
	}
}

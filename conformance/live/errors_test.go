package live

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// What goes wrong on the way to a cluster is told apart, each with the documented exit code, a reason and a next step.
func TestErrors(t *testing.T) {
	b := bed.ControlPlane(t)
	b.Kubectl(t, "", "create", "namespace", "shop")
	b.Kubectl(t, "", "create", "deployment", "web", "--image=example.com/web:latest", "--replicas=3", "-n", "shop")
	b.Kubectl(t, "", "create", "service", "clusterip", "web", "--tcp=80", "-n", "shop")
	admin, err := clientcmd.LoadFromFile(b.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.NewDefaultClientConfig(*admin, nil).ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	authority := readAuthority(t, filepath.Join(b.Dir(), "pki"))

	for _, x := range []struct {
		name   string
		change func(t *testing.T, cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo)
		args   []string
		code   int
		says   []string // on standard error
	}{
		{"wrong context", nil, []string{"--context", "adm"}, 2, []string{`there is no context "adm"`, "known are " + admin.CurrentContext}},
		{"wrong namespace", nil, []string{"-n", "shp"}, 2, []string{`there is no namespace "shp"`, "did you mean -n shop?"}},
		{"unreachable", func(t *testing.T, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			c.Server = "https://" + l.Addr().String()
			l.Close()
		}, nil, 10, []string{"the cluster could not be asked", "connection refused", "https://127.0.0.1:", "kubectl --context"}},
		{"expired client certificate", func(t *testing.T, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			cert, key := authority.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "somebody", Organization: []string{"system:masters"}},
				NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
			*u = clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
		}, nil, 10, []string{"the client certificate of the kubeconfig has expired", "2026-01-02 03:04 UTC"}},
		{"no credentials", func(_ *testing.T, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) { *u = clientcmdapi.AuthInfo{} }, nil, 10,
			[]string{"the server does not know who asks"}},
		{"wrong token", func(_ *testing.T, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			*u = clientcmdapi.AuthInfo{Token: "nonsense"}
		}, nil, 10, []string{"the server does not know who asks", "Unauthorized"}},
		{"unknown authority", func(t *testing.T, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.CertificateAuthority, c.CertificateAuthorityData = "", newAuthority(t).pem
		}, nil, 10, []string{"from an authority that the kubeconfig does not name", "certificate-authority-data"}},
		{"expired server certificate", func(t *testing.T, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			cert, key := authority.issue(t, &x509.Certificate{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
				IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
			pair, err := tls.X509KeyPair(cert, key)
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
			s.Config.ErrorLog = quiet
			s.StartTLS()
			t.Cleanup(s.Close)
			c.Server = s.URL
		}, nil, 10, []string{"the server's certificate has expired"}},
		{"something else answers", func(t *testing.T, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>hello</html>") }))
			t.Cleanup(s.Close)
			c.Server, c.CertificateAuthority, c.CertificateAuthorityData = s.URL, "", nil
		}, nil, 10, []string{"no Kubernetes API server"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			file := b.Kubeconfig()
			if x.change != nil {
				file = kubeconfig(t, admin, x.change)
			}
			for _, verb := range [][]string{{"lint", "--live"}, {"dump", "-o", filepath.Join(t.TempDir(), "d.tar.gz")}} {
				code, out, said := run(t, append(append(verb, "--kubeconfig", file), x.args...)...)
				if code != x.code || out != "" {
					t.Errorf("%s: exit code %d, want %d; standard output %q", verb[0], code, x.code, out)
				}
				for _, s := range append(x.says, "next:") {
					if !strings.Contains(said, s) {
						t.Errorf("%s does not say %q:\n%s", verb[0], s, said)
					}
				}
			}
		})
	}

	t.Run("unreadable kubeconfig", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "config")
		if code, _, said := run(t, "lint", "--live", "--kubeconfig", file); code != 2 || !strings.Contains(said, file) {
			t.Errorf("missing: exit code %d: %s", code, said)
		}
		if err := os.WriteFile(file, []byte("clusters: ["), 0o666); err != nil {
			t.Fatal(err)
		}
		if code, _, said := run(t, "lint", "--live", "--kubeconfig", file); code != 2 || !strings.Contains(said, "cannot read the kubeconfig") {
			t.Errorf("broken: exit code %d: %s", code, said)
		}
	})

	t.Run("restricted user", func(t *testing.T) { restricted(t, b, admin) })
	t.Run("a user without rights", func(t *testing.T) { // nothing could be checked, which is not the same as nothing to mend
		b.Kubectl(t, "", "create", "serviceaccount", "nobody", "-n", "shop")
		token := strings.TrimSpace(b.Kubectl(t, "", "create", "token", "nobody", "-n", "shop"))
		file := kubeconfig(t, admin, func(_ *testing.T, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			*u = clientcmdapi.AuthInfo{Token: token}
		})
		code, out, said := run(t, "lint", "--live", "-n", "shop", "--kubeconfig", file)
		if code != 3 || !strings.Contains(out, "nothing was checked") || !strings.Contains(out, "not listed") {
			t.Errorf("exit code %d, want 3: %s%s", code, out, said)
		}
		archive := filepath.Join(t.TempDir(), "nothing.tar.gz")
		code, _, said = run(t, "dump", "-n", "shop", "-o", archive, "--kubeconfig", file)
		if _, err := os.Stat(archive); code != 3 || !strings.Contains(said, "may list nothing") || err == nil {
			t.Errorf("dump: exit code %d, want 3 and no archive (%v): %s", code, err, said)
		}
	})
	t.Run("server dies in the middle of a list", func(t *testing.T) {
		p := newProxy(t, config)
		p.cut = "/apis/apps/v1/namespaces/shop/deployments"
		code, out, said := run(t, "lint", "--live", "-n", "shop", "-o", "json", "--kubeconfig", proxied(t, admin, p.url))
		if code != 3 {
			t.Errorf("exit code %d, want 3: %s%s", code, out, said)
		}
		if !strings.Contains(out, "not listed to the end: ") || !strings.Contains(out, "Deployment") {
			t.Errorf("the answer does not say what is missing: %s", out)
		}
		file := filepath.Join(t.TempDir(), "d.tar.gz")
		p = newProxy(t, config)
		p.cut = "/apis/apps/v1/namespaces/shop/deployments"
		if code, _, said = run(t, "dump", "-n", "shop", "-o", file, "--kubeconfig", proxied(t, admin, p.url)); code != 3 || !strings.Contains(said, "not listed to the end: ") {
			t.Errorf("dump: exit code %d: %s", code, said)
		}
		if code, out, _ = run(t, "lint", "--from", file); code != 3 || !strings.Contains(out, "not listed to the end: ") {
			t.Errorf("what is missing in a dump: exit code %d: %s", code, out)
		}
	})
	t.Run("one connection breaks", func(t *testing.T) { // and the page is asked for again
		p := newProxy(t, config)
		p.cut, p.lives = "/apis/apps/v1/namespaces/shop/deployments", true
		code, out, said := run(t, "lint", "--live", "-n", "shop", "-o", "json", "--kubeconfig", proxied(t, admin, p.url))
		if code != 1 || said != "" || !strings.Contains(out, "image-tag-latest") {
			t.Errorf("exit code %d: %s%.500s", code, said, out)
		}
	})
}

// A user who may see Deployments of one namespace, and nothing else, has them checked; what depends on the rest is unknown.
func restricted(t *testing.T, b *bed.Bed, admin *clientcmdapi.Config) {
	b.Kubectl(t, "", "create", "serviceaccount", "dev", "-n", "shop")
	b.Kubectl(t, "", "create", "role", "dev", "--verb=list", "--resource=deployments.apps", "-n", "shop")
	b.Kubectl(t, "", "create", "rolebinding", "dev", "--role=dev", "--serviceaccount=shop:dev", "-n", "shop")
	token := strings.TrimSpace(b.Kubectl(t, "", "create", "token", "dev", "-n", "shop"))
	file := kubeconfig(t, admin, func(_ *testing.T, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
		*u = clientcmdapi.AuthInfo{Token: token}
	})
	if code, out, said := run(t, "lint", "--live", "-n", "shop", "--fail-on", "never", "--kubeconfig", file); code != 0 || said != "" {
		t.Errorf("exit code %d: %s%s", code, out, said)
	}
	code, out, errs := run(t, "lint", "--live", "-n", "shop", "-o", "json", "--kubeconfig", file)
	if code != 1 || errs != "" {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	a := answerOf(t, out)
	find := func(list []said, rule string) bool {
		for _, f := range list {
			if f.Rule == rule && f.Object.Name == "web" {
				return true
			}
		}
		return false
	}
	if !find(a.Findings, "image-tag-latest") {
		t.Errorf("the Deployment's image is not found wrong: %s", out)
	}
	if !strings.Contains(out, `"reason":"forbidden"`) && !strings.Contains(out, `"reason": "forbidden"`) {
		t.Errorf("the answer does not say what may not be listed: %s", out)
	}
	for _, rule := range []string{"pdb-missing", "networkpolicy-missing"} {
		if find(a.Findings, rule) || !find(a.Unknown, rule) {
			t.Errorf("%s is not unknown, although the user may not list what it depends on", rule)
		}
	}
	archive := filepath.Join(t.TempDir(), "d.tar.gz")
	code, _, errs = run(t, "dump", "-n", "shop", "-o", archive, "--kubeconfig", file)
	if code != 0 || !strings.Contains(errs, "may not: ") || !strings.Contains(errs, "Secret") {
		t.Errorf("dump: exit code %d: %s", code, errs)
	}
	_, dumped, _ := run(t, "lint", "--from", archive, "-o", "json")
	for _, rule := range []string{"pdb-missing", "networkpolicy-missing"} {
		if !find(answerOf(t, dumped).Unknown, rule) {
			t.Errorf("%s is not unknown in the dump", rule)
		}
	}
}

// kubeconfig writes a changed copy of a kubeconfig and returns its name.
func kubeconfig(t *testing.T, admin *clientcmdapi.Config, change func(*testing.T, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) string {
	t.Helper()
	c := admin.DeepCopy()
	context := c.Contexts[c.CurrentContext]
	change(t, c.Clusters[context.Cluster], c.AuthInfos[context.AuthInfo])
	file := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*c, file); err != nil {
		t.Fatal(err)
	}
	return file
}

func proxied(t *testing.T, admin *clientcmdapi.Config, server string) string {
	return kubeconfig(t, admin, func(_ *testing.T, c *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
		c.Server, c.CertificateAuthority, c.CertificateAuthorityData = server, "", nil
		*u = clientcmdapi.AuthInfo{}
	})
}

// quiet is where servers of tests tell of handshakes and handlers that fail as they should.
var quiet = log.New(io.Discard, "", 0)

// proxy passes requests on to the API server until it is asked for one path: there it breaks off in the middle of the answer. From then
// on nobody answers any more, unless it lives on.
type proxy struct {
	url   string
	cut   string
	lives bool
	dead  atomic.Bool
}

func newProxy(t *testing.T, config *rest.Config) *proxy {
	t.Helper()
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(target)
	through.Transport = transport
	p := &proxy{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dead := p.dead.Load()
		if dead && !p.lives {
			panic(http.ErrAbortHandler)
		}
		if dead || r.URL.Path != p.cut {
			through.ServeHTTP(w, r)
			return
		}
		p.dead.Store(true)
		r.Header.Del("Accept-Encoding")
		rec := httptest.NewRecorder()
		through.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	}))
	s.Config.ErrorLog = quiet
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  any
	pem  []byte
}

func readAuthority(t *testing.T, dir string) authority {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert: pair.Leaf, key: pair.PrivateKey}
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "somebody else"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert: c, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue returns a certificate and its key in PEM.
func (a authority) issue(t *testing.T, c *x509.Certificate) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

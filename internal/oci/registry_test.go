package oci

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// world is a registry in this process, reached over HTTP, and what it is to do wrong.
type world struct {
	host     string
	registry http.Handler
	requests atomic.Int64
	// instead answers a request in place of the registry when it returns true.
	instead atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]
}

func newWorld(t testing.TB, options ...registry.Option) *world {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	w := &world{registry: registry.New(append(options, registry.Logger(log.New(io.Discard, "", 0)))...)}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		w.requests.Add(1)
		if f := w.instead.Load(); f != nil && (*f)(rw, req) {
			return
		}
		w.registry.ServeHTTP(rw, req)
	}))
	t.Cleanup(s.Close)
	w.host = strings.TrimPrefix(s.URL, "http://")
	return w
}

func (w *world) does(f func(http.ResponseWriter, *http.Request) bool) { w.instead.Store(&f) }

// asked is what the registry says to a request.
func (w *world) asked(rw http.ResponseWriter, req *http.Request) []byte {
	answer := httptest.NewRecorder()
	w.registry.ServeHTTP(answer, req)
	for name, values := range answer.Header() {
		rw.Header()[name] = values
	}
	return answer.Body.Bytes()
}

// changes lets the registry change what it answers for a path.
func (w *world) changes(path string, change func([]byte) []byte) {
	w.does(func(rw http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodGet || !strings.HasSuffix(req.URL.Path, path) {
			return false
		}
		data := change(slices.Clone(w.asked(rw, req)))
		rw.Header().Del("Content-Length")
		_, _ = rw.Write(data)
		return true
	})
}

func flipLast(data []byte) []byte { data[len(data)-1] ^= 1; return data }

// shop is a small catalogue.
func shop() fstest.MapFS {
	return fstest.MapFS{
		"catalogue.yaml":                {Data: []byte("schemaVersion: 1\nname: shop\ntitle: The golden paths of shop\nowner: platform\n")},
		"changelog/1.0.0.yaml":          {Data: []byte("version: 1.0.0\ndate: 2026-09-01\nsummary: the first version\nchanges: []\n")},
		"paths/cron-job/1.0.0/job.yaml": {Data: []byte(strings.Repeat("# a line\n", 20_000))}, // more than two blocks
		"paths/cron-job/1.0.0/ä.yaml":   {Data: []byte("name: ä\n")},
		"README.md":                     {Data: nil},
		".git/config":                   {Data: []byte("left out")},
		".editorconfig":                 {Data: []byte("left out")},
		"paths/.DS_Store":               {Data: []byte("left out")},
	}
}

// second is the catalogue with a file changed.
func second() fstest.MapFS {
	fsys := shop()
	fsys["README.md"] = &fstest.MapFile{Data: []byte("changed\n")}
	return fsys
}

func mustPack(t *testing.T, fsys fs.FS) *Artefact {
	t.Helper()
	a, err := Pack(fsys, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustPush(t *testing.T, a *Artefact, to string, key *PrivateKey) *Result {
	t.Helper()
	r, err := Push(t.Context(), a, to, key, false, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newKey(t testing.TB) (*PrivateKey, PublicKey) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	pub, err := GenerateKey(name)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ReadPrivateKey(name + ".pem")
	if err != nil {
		t.Fatal(err)
	}
	return k, pub
}

// refused checks the kind of an error, and that its reader learns what to do.
func refused(t *testing.T, err, kind error, exit int) {
	t.Helper()
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || !errors.Is(err, kind) || p.Exit != exit {
		t.Fatalf("got the error %v (%T), want a problem of the kind %q with exit code %d", err, err, kind, exit)
	}
	if p.Next == "" || p.What == "" {
		t.Errorf("the problem %+v does not say what happened and what to do", p)
	}
}

// tree reads a file system whole.
func tree(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// visible is what of a catalogue goes to a registry.
func visible(t *testing.T, fsys fs.FS) map[string]string {
	all := tree(t, fsys)
	for _, hidden := range []string{".git/config", ".editorconfig", "paths/.DS_Store"} {
		delete(all, hidden)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	for name, options := range map[string][]registry.Option{"referrers": {registry.WithReferrersSupport(true)}, "tag schema": nil} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options...)
			key, pub := newKey(t)
			o := Options{PublicKeys: []PublicKey{pub}, Cache: t.TempDir()}
			pushed := mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/platform/shop", key)
			if want := "oci://" + w.host + "/platform/shop:1.0.0"; pushed.Reference != want {
				t.Errorf("pushed to %s, want %s: the tag is the version", pushed.Reference, want)
			}
			for _, ref := range []string{pushed.Reference, pushed.Pinned} {
				dir := filepath.Join(t.TempDir(), "new", "shop")
				pulled, err := Pull(t.Context(), ref, dir, false, o)
				if err != nil {
					t.Fatal(err)
				}
				if pulled.Digest() != pushed.Digest() || pulled.Title != "The golden paths of shop" || pulled.Version != "1.0.0" || pulled.SignedBy.ID() != pub.ID() {
					t.Errorf("pulled %+v, want what was pushed: %+v", pulled, pushed)
				}
				if d := cmp.Diff(visible(t, shop()), tree(t, os.DirFS(dir))); d != "" {
					t.Errorf("the folder differs (-pushed +pulled):\n%s", d)
				}
				fsys, digest, err := Open(t.Context(), ref, o)
				if err != nil || digest != pushed.Digest() {
					t.Fatalf("open: %v, %s", err, digest)
				}
				if d := cmp.Diff(visible(t, shop()), tree(t, fsys)); d != "" {
					t.Errorf("the file system differs (-pushed +opened):\n%s", d)
				}
				if err := fstest.TestFS(fsys, "catalogue.yaml", "paths/cron-job/1.0.0/ä.yaml"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A catalogue goes by way of a layout to another registry, and its signatures with it.
func TestCopy(t *testing.T) {
	a, b := newWorld(t), newWorld(t, registry.WithReferrersSupport(true))
	key, pub := newKey(t)
	other, otherPub := newKey(t)
	pushed := mustPush(t, mustPack(t, shop()), "oci://"+a.host+"/shop:1.0.0", key)
	layout := "oci-layout:" + filepath.Join(t.TempDir(), "layout")
	if _, err := Copy(t.Context(), pushed.Reference, layout, nil, false, Options{PublicKeys: []PublicKey{pub}}); err != nil {
		t.Fatal(err)
	}
	copied, err := Copy(t.Context(), layout+":1.0.0", "oci://"+b.host+"/other/shop", other, false, Options{PublicKeys: []PublicKey{pub}})
	if err != nil {
		t.Fatal(err)
	}
	if copied.Digest() != pushed.Digest() {
		t.Errorf("the digest became %s, want %s", copied.Digest(), pushed.Digest())
	}
	for _, k := range []PublicKey{pub, otherPub} {
		for _, ref := range []string{copied.Reference, copied.Pinned} {
			if r, err := Verify(t.Context(), ref, Options{PublicKeys: []PublicKey{k}}); err != nil || r.SignedBy.ID() != k.ID() {
				t.Errorf("%s, key %s: %v", ref, k.Name, err)
			}
		}
	}
	// The other key's signature was made for the second registry only.
	_, err = Verify(t.Context(), layout+":1.0.0", Options{PublicKeys: []PublicKey{otherPub}})
	refused(t, err, ErrOtherKey, ExitRefused)
}

func TestRefusals(t *testing.T) {
	key, pub := newKey(t)
	_, stranger := newKey(t)
	a := mustPack(t, shop())
	layer := func(r *Result) string { return string(mustManifest(t, r).Layers[0].Digest) }
	for _, x := range []struct {
		name string
		keys []PublicKey
		sign *PrivateKey
		do   func(w *world, r *Result)
		kind error
	}{
		{"a byte of the layer", nil, nil, func(w *world, r *Result) { w.changes("/blobs/"+layer(r), flipLast) }, ErrDamaged},
		{"the layer is truncated", nil, nil, func(w *world, r *Result) {
			w.changes("/blobs/"+layer(r), func(b []byte) []byte { return b[:len(b)/2] })
		}, ErrDamaged},
		{"the layer is longer", nil, nil, func(w *world, r *Result) {
			w.changes("/blobs/"+layer(r), func(b []byte) []byte { return append(b, 0) })
		}, ErrDamaged},
		{"a byte of the manifest", nil, nil, func(w *world, r *Result) { w.changes("/manifests/1.0.0", flipLast) }, ErrDamaged},
		{"the manifest is another one", nil, nil, func(w *world, r *Result) {
			other := mustPush(t, mustPack(t, second()), "oci://"+w.host+"/shop:2.0.0", nil)
			w.does(func(rw http.ResponseWriter, req *http.Request) bool {
				if strings.HasSuffix(req.URL.Path, "/manifests/"+r.Digest()) {
					req.URL.Path = strings.Replace(req.URL.Path, r.Digest(), other.Digest(), 1)
				}
				return false
			})
			r.Reference = r.Pinned
		}, ErrDamaged},
		{"the manifest is another one and passes for it", nil, nil, func(w *world, r *Result) {
			other := mustPush(t, mustPack(t, second()), "oci://"+w.host+"/shop:2.0.0", nil)
			w.changes("/manifests/"+r.Digest(), func([]byte) []byte { return other.manifest })
			r.Reference = r.Pinned
		}, ErrDamaged},
		{"a byte of the signature", []PublicKey{pub}, key, func(w *world, r *Result) {
			var p string // the payload is the one blob beside the layer and the empty configuration
			for _, s := range mustSignatures(t, w, r) {
				p = digestOf(s.Payload)
			}
			w.changes("/blobs/"+p, flipLast)
		}, ErrSignature},
		{"not signed", []PublicKey{pub}, nil, func(*world, *Result) {}, ErrUnsigned},
		{"another key", []PublicKey{stranger}, key, func(*world, *Result) {}, ErrOtherKey},
		{"the signature of another digest", []PublicKey{pub}, nil, func(w *world, r *Result) {
			s, err := key.signDigest(mustPack(t, second()).digest(), "")
			if err != nil {
				t.Fatal(err)
			}
			attach(t, w, r, s)
		}, ErrSignature},
		{"a signature that names the key of another", []PublicKey{stranger}, nil, func(w *world, r *Result) {
			s, err := key.signDigest(a.digest(), "")
			if err != nil {
				t.Fatal(err)
			}
			s.Key = stranger.ID()
			attach(t, w, r, s)
		}, ErrSignature},
		{"the tag was moved to what is not signed", []PublicKey{pub}, key, func(w *world, r *Result) {
			if _, err := Push(t.Context(), mustPack(t, second()), r.Reference, nil, true, Options{}); err != nil {
				t.Fatal(err)
			}
		}, ErrUnsigned},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, registry.WithReferrersSupport(true))
			r := mustPush(t, a, "oci://"+w.host+"/shop:1.0.0", x.sign)
			if x.sign != nil { // nothing is wrong yet
				if _, err := Verify(t.Context(), r.Reference, Options{PublicKeys: []PublicKey{key.pub}}); err != nil {
					t.Fatal(err)
				}
			}
			x.do(w, r)
			dir := filepath.Join(t.TempDir(), "shop")
			_, err := Pull(t.Context(), r.Reference, dir, false, Options{PublicKeys: x.keys})
			refused(t, err, x.kind, ExitRefused)
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the folder is there all the same: %v", err)
			}
		})
	}
}

// A digest in place of the tag holds when the tag moves; a version moves by force only.
func TestTagMoves(t *testing.T) {
	w := newWorld(t)
	first := mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop:1.0.0", nil)
	_, err := Push(t.Context(), mustPack(t, second()), first.Reference, nil, false, Options{})
	refused(t, err, ErrTagTaken, 0)
	again, err := Push(t.Context(), mustPack(t, shop()), first.Reference, nil, false, Options{})
	if err != nil || again.Digest() != first.Digest() {
		t.Fatalf("the same content again: %v", err)
	}
	moved, err := Push(t.Context(), mustPack(t, second()), first.Reference, nil, true, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []struct{ text, want string }{{first.Reference, moved.Digest()}, {first.Pinned, first.Digest()}} {
		if r, err := Verify(t.Context(), ref.text, Options{}); err != nil || r.Digest() != ref.want {
			t.Errorf("%s is %v (%v), want %s", ref.text, r, err, ref.want)
		}
	}
	// A tag that is no version is there to be moved.
	for _, fsys := range []fs.FS{shop(), second()} {
		if _, err := Push(t.Context(), mustPack(t, fsys), "oci://"+w.host+"/shop:latest", nil, false, Options{}); err != nil {
			t.Error(err)
		}
	}
}

// A second push with the same key adds no second signature.
func TestSignedOnce(t *testing.T) {
	w := newWorld(t, registry.WithReferrersSupport(true))
	key := ecdsaKey(t) // its signatures differ each time
	var r *Result
	for range 2 {
		r = mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop:1.0.0", key)
	}
	if n := len(mustSignatures(t, w, r)); n != 1 {
		t.Errorf("there are %d signatures, want 1", n)
	}
	if _, err := Verify(t.Context(), r.Reference, Options{PublicKeys: []PublicKey{key.Public()}}); err != nil {
		t.Error(err)
	}
}

// A pinned digest is read once; damage in the cache is mended; a key that asks for more is heard.
func TestCache(t *testing.T) {
	w := newWorld(t, registry.WithReferrersSupport(true))
	key, pub := newKey(t)
	_, stranger := newKey(t)
	r := mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop:1.0.0", key)
	o := Options{PublicKeys: []PublicKey{pub}, Cache: t.TempDir()}
	open := func(ref string, o Options) int64 {
		t.Helper()
		before := w.requests.Load()
		fsys, _, err := Open(t.Context(), ref, o)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(visible(t, shop()), tree(t, fsys)); d != "" {
			t.Fatal(d)
		}
		return w.requests.Load() - before
	}
	if n := open(r.Pinned, o); n == 0 {
		t.Fatal("the first time asked nothing of the registry")
	}
	if n := open(r.Pinned, o); n != 0 {
		t.Errorf("the second time asked %d things of the registry", n)
	}
	if n := open(r.Reference, o); n != 1 {
		t.Errorf("a tag asked %d things of the registry, want 1: where it leads to", n)
	}
	o.PublicKeys = []PublicKey{stranger}
	_, _, err := Open(t.Context(), r.Pinned, o)
	refused(t, err, ErrOtherKey, ExitRefused)
	o.PublicKeys = []PublicKey{pub}

	var names []string
	err = filepath.WalkDir(o.Cache, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) != 3 {
		t.Fatalf("the cache holds %v (%v), want manifest, layer and signature", names, err)
	}
	for _, name := range names {
		for _, damage := range []func([]byte) []byte{flipLast, func([]byte) []byte { return nil }} {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			// A byte of what was signed, not the bracket behind it.
			if strings.HasSuffix(name, ".json") {
				data = data[:len(data)-1]
			}
			if err := os.WriteFile(name, damage(data), 0o666); err != nil {
				t.Fatal(err)
			}
			if n := open(r.Pinned, o); n == 0 {
				t.Errorf("damage in %s went unseen", name)
			}
			if n := open(r.Pinned, o); n != 0 {
				t.Errorf("damage in %s was not mended", name)
			}
		}
	}
}

// Without a cache that can be written, everything works and is fetched each time.
func TestCacheNotWritable(t *testing.T) {
	w := newWorld(t)
	r := mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop:1.0.0", nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(t.Context(), r.Pinned, Options{Cache: file}); err != nil {
		t.Error(err)
	}
}

// A registry that stalls, at any point, holds nobody: neither longer than the timeout nor after Ctrl-C.
func TestStall(t *testing.T) {
	for _, part := range []string{"/manifests/", "/blobs/", "/referrers/"} {
		t.Run(strings.Trim(part, "/"), func(t *testing.T) {
			w := newWorld(t, registry.WithReferrersSupport(true))
			key, pub := newKey(t)
			r := mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop:1.0.0", key)
			release := make(chan struct{})
			t.Cleanup(func() { close(release) })
			reached := make(chan struct{}, 100)
			w.does(func(rw http.ResponseWriter, req *http.Request) bool {
				if !strings.Contains(req.URL.Path, part) {
					return false
				}
				// Half of the answer comes, so that it is no matter of a connection or a header that does not.
				data := w.asked(rw, req)
				rw.Header().Set("Content-Length", strconv.Itoa(len(data)))
				_, _ = rw.Write(data[:len(data)/2])
				_ = http.NewResponseController(rw).Flush()
				reached <- struct{}{}
				<-release
				return true
			})
			dir := filepath.Join(t.TempDir(), "shop")
			_, err := Pull(t.Context(), r.Reference, dir, false, Options{PublicKeys: []PublicKey{pub}, Timeout: 100 * time.Millisecond})
			refused(t, err, context.DeadlineExceeded, problem.ExitIncomplete)

			for len(reached) > 0 {
				<-reached
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-reached; cancel() }()
			_, err = Pull(ctx, r.Reference, dir, false, Options{PublicKeys: []PublicKey{pub}})
			refused(t, err, context.Canceled, problem.ExitIncomplete)
		})
	}
}

func TestNotThere(t *testing.T) {
	w := newWorld(t)
	mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop:1.0.0", nil)
	for _, ref := range []string{"oci://" + w.host + "/shop:2.0.0", "oci://" + w.host + "/nobody:1.0.0", "oci://" + w.host + "/shop@sha256:" + strings.Repeat("0", 64),
		"oci-layout:" + filepath.Join(t.TempDir(), "none") + ":1.0.0"} {
		_, err := Verify(t.Context(), ref, Options{})
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || !strings.HasPrefix(p.What, "there is no") || p.Exit != problem.ExitIncomplete {
			t.Errorf("%s: %v", ref, err)
		}
	}
	// A server that is gone.
	s := httptest.NewServer(nil)
	s.Close()
	_, err := Verify(t.Context(), "oci://"+strings.TrimPrefix(s.URL, "http://")+"/shop:1.0.0", Options{})
	if p, ok := errors.AsType[*problem.Problem](err); !ok || p.What != "cannot reach the catalogue" || !strings.Contains(p.Why, "refused") {
		t.Errorf("a server that is gone: %+v", err)
	}
	w.does(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	})
	_, err = Verify(t.Context(), "oci://"+w.host+"/shop:1.0.0", Options{})
	if p, ok := errors.AsType[*problem.Problem](err); !ok || !strings.HasPrefix(p.Next, "docker login "+w.host) {
		t.Errorf("who is not let in reads %+v", err)
	}
}

// Credentials come from the Docker configuration.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	w.does(func(rw http.ResponseWriter, req *http.Request) bool {
		if name, password, _ := req.BasicAuth(); name == "robot" && password == "secret" {
			return false
		}
		rw.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	})
	_, err := Push(t.Context(), mustPack(t, shop()), "oci://"+w.host+"/shop", nil, false, Options{})
	if p, ok := errors.AsType[*problem.Problem](err); !ok || p.What != "the registry does not let you in" {
		t.Fatalf("without credentials: %v", err)
	}
	config := `{"auths": {"` + w.host + `": {"auth": "cm9ib3Q6c2VjcmV0"}}}`
	if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	mustPush(t, mustPack(t, shop()), "oci://"+w.host+"/shop", nil)
}

// ecdsaKey makes a key as openssl and cosign would.
func ecdsaKey(t *testing.T) *PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "ecdsa.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ReadPrivateKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPullIntoFolders(t *testing.T) {
	layout := "oci-layout:" + filepath.Join(t.TempDir(), "layout")
	r := mustPush(t, mustPack(t, shop()), layout, nil)
	write := func(dir string, names ...string) string {
		for _, name := range names {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("old\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for _, x := range []struct {
		name  string
		dir   string
		force bool
		taken bool
	}{
		{"an empty folder", t.TempDir(), false, true},
		{"a folder with something", write(t.TempDir(), "catalogue.yaml", "old.yaml"), false, false},
		{"a catalogue, by force", write(t.TempDir(), "catalogue.yaml", "old.yaml"), true, true},
		{"no catalogue, by force", write(t.TempDir(), "old.yaml"), true, false},
		{"a repository, by force", write(t.TempDir(), "catalogue.yaml", ".git/config"), true, false},
		{"the working directory", ".", true, false},
		{"a folder above it", "..", true, false},
		{"a file", write(t.TempDir(), "file") + "/file", true, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			before := []string{}
			if !x.taken {
				before = list(x.dir)
			}
			_, err := Pull(t.Context(), r.Reference, x.dir, x.force, Options{})
			if (err == nil) != x.taken {
				t.Fatalf("got %v, want it taken: %v", err, x.taken)
			}
			if !x.taken {
				if now := list(x.dir); !slices.Equal(before, now) {
					t.Errorf("the folder held %v, and now %v", before, now)
				}
				return
			}
			if d := cmp.Diff(visible(t, shop()), tree(t, os.DirFS(x.dir))); d != "" {
				t.Error(d)
			}
			if beside, _ := filepath.Glob(filepath.Join(filepath.Dir(x.dir), ".fairway-*")); len(beside) > 0 {
				t.Errorf("%v is left behind", beside)
			}
		})
	}
}

func list(dir string) (names []string) {
	entries, _ := os.ReadDir(dir)
	for _, x := range entries {
		names = append(names, x.Name())
	}
	return names
}

// What says that it is too large is not asked for.
func TestTooLargeIsNotFetched(t *testing.T) {
	for _, size := range []int64{-1, 101, 1 << 62} {
		desc := content.NewDescriptorFromBytes(LayerType, nil)
		desc.Size = size
		_, err := fetch(t.Context(), content.FetcherFunc(func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
			t.Errorf("%d bytes are asked for", size)
			return nil, errors.New("no")
		}), desc, 100)
		if !errors.Is(err, ErrNoCatalogue) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The digest of a catalogue is a promise: teams pin it. If this fails, packing has changed, and every catalogue that is out gets another digest.
func TestDigestIsForEver(t *testing.T) {
	const want = "sha256:57107c717864c5dfffb3d652454dc892a504d1d92936b35f95123c4ed59b3b3c"
	if got := mustPack(t, shop()).Digest(); got != want {
		t.Errorf("the digest is %s, want %s", got, want)
	}
}

// Neither times nor modes nor the order in which files are listed matter, in memory or on disk.
func TestSameFolderSameDigest(t *testing.T) {
	want := mustPack(t, shop()).Digest()
	dir := t.TempDir()
	for name, f := range shop() {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustPack(t, os.DirFS(dir)).Digest(); got != want {
		t.Errorf("the digest from disk is %s, want %s", got, want)
	}
	if got := mustPack(t, second()).Digest(); got == want {
		t.Error("another content has the same digest")
	}
}

// What we write is gzip and tar for others.
func TestArchiveIsPlain(t *testing.T) {
	for _, size := range []int{0, 1, 0xffff - 1536, 0xffff, 0x10000, 3 * 0xffff} {
		all := files{{"a", bytes.Repeat([]byte("x"), size)}, {strings.Repeat("long/", 60) + "name", nil}}
		archive, err := all.pack()
		if err != nil {
			t.Fatal(err)
		}
		zipped, err := gzip.NewReader(bytes.NewReader(archive))
		if err != nil {
			t.Fatal(err)
		}
		r := tar.NewReader(zipped)
		for _, f := range all {
			h, err := r.Next()
			if err != nil || h.Name != f.name || h.Mode != 0o644 || h.Uid+h.Gid != 0 || h.Uname+h.Gname != "" || h.ModTime.Unix() != 0 {
				t.Fatalf("%d bytes: the header is %+v (%v)", size, h, err)
			}
			if data, err := io.ReadAll(r); err != nil || !bytes.Equal(data, f.data) {
				t.Errorf("%d bytes: read %d (%v)", size, len(data), err)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%d bytes: the end is %v", size, err)
		}
		if rest, err := io.ReadAll(zipped); err != nil || len(rest) != 0 {
			t.Errorf("%d bytes: %d bytes are left, %v", size, len(rest), err)
		}
	}
}

func TestPackRefuses(t *testing.T) {
	with := func(name string, f *fstest.MapFile) fstest.MapFS { fsys := shop(); fsys[name] = f; return fsys }
	many := shop()
	for i := range maxFiles {
		many[fmt.Sprintf("files/%d", i)] = &fstest.MapFile{}
	}
	for _, x := range []struct {
		name string
		fsys fs.FS
		why  string
	}{
		{"a symbolic link", with("link", &fstest.MapFile{Data: []byte("/etc/passwd"), Mode: fs.ModeSymlink}), "link is a symbolic link"},
		{"a device", with("null", &fstest.MapFile{Mode: fs.ModeDevice}), "null is a symbolic link or another special file"},
		{"a large file", with("large", &fstest.MapFile{Data: make([]byte, maxFile+1)}), "large is larger than 4 MB"},
		{"many files", many, "more than 8000 files"},
		{"a backslash", with(`a\b`, &fstest.MapFile{}), "no name that every machine can have"},
		{"upper and lower case", with("Readme.MD", &fstest.MapFile{}), "have the same name"},
		{"no catalogue", fstest.MapFS{"a": {}}, "no catalogue.yaml"},
		{"a bad changelog", with("changelog/1.1.0.yaml", &fstest.MapFile{Data: []byte("version: 2\n")}), "changelog/1.1.0.yaml"},
	} {
		if _, err := Pack(x.fsys, "shop"); err == nil || !strings.Contains(err.Error(), x.why) {
			t.Errorf("%s: got %v, want %q", x.name, err, x.why)
		}
	}
}

// evil is an archive as somebody else may make it.
func evil(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, h.Size); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestUnpackRefuses(t *testing.T) {
	var tiny, large, folders []*tar.Header
	for i := range 10_000 {
		tiny = append(tiny, &tar.Header{Name: fmt.Sprint(i), Size: 1})
		folders = append(folders, &tar.Header{Name: fmt.Sprint(i/10_000) + "/", Typeflag: tar.TypeDir}, &tar.Header{Name: "d/", Typeflag: tar.TypeDir})
	}
	for i := range 1 + maxTotal/maxFile {
		large = append(large, &tar.Header{Name: fmt.Sprint(i), Size: maxFile})
	}
	bomb := evil(t, &tar.Header{Name: "bomb", Size: 200 << 20})
	good := evil(t, &tar.Header{Name: "a/b"}, &tar.Header{Name: "d/", Typeflag: tar.TypeDir})
	if all, err := unpack(good); err != nil || len(all) != 1 {
		t.Fatalf("an archive with a folder and a file: %v, %v", all, err)
	}
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	for _, x := range []struct {
		name    string
		archive []byte
		why     string
	}{
		{"upwards", evil(t, &tar.Header{Name: "../evil"}), "no name that every machine"},
		{"upwards from within", evil(t, &tar.Header{Name: "a/../../evil"}), "no name that every machine"},
		{"from the root", evil(t, &tar.Header{Name: "/etc/passwd"}), "no name that every machine"},
		{"a drive", evil(t, &tar.Header{Name: "C:/evil"}), "no name that every machine"},
		{"a backslash", evil(t, &tar.Header{Name: `..\evil`}), "no name that every machine"},
		{"a folder upwards", evil(t, &tar.Header{Name: "../d/", Typeflag: tar.TypeDir}), "no plain file"},
		{"a symbolic link", evil(t, &tar.Header{Name: "link", Linkname: "/etc", Typeflag: tar.TypeSymlink}), "no plain file"},
		{"a link", evil(t, &tar.Header{Name: "link", Linkname: "a", Typeflag: tar.TypeLink}), "no plain file"},
		{"a device", evil(t, &tar.Header{Name: "null", Typeflag: tar.TypeChar}), "no plain file"},
		{"twice the same", evil(t, &tar.Header{Name: "a"}, &tar.Header{Name: "a"}), "have the same name"},
		{"in another case", evil(t, &tar.Header{Name: "a"}, &tar.Header{Name: "A"}), "have the same name"},
		{"a file that is a folder", evil(t, &tar.Header{Name: "a"}, &tar.Header{Name: "A/b"}), "is a file and a folder"},
		{"10,000 tiny files", evil(t, tiny...), "more than 8000 files"},
		{"20,000 folders", evil(t, folders...), "larger than any catalogue"},
		{"large files", evil(t, large...), "larger than 64 MB together"},
		{"a bomb", bomb, "larger than 4 MB"},
		{"a truncated archive", good[:len(good)-20], "unexpected EOF"},
		{"no archive", []byte("no archive"), "invalid header"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := unpack(x.archive)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), x.why) {
			t.Errorf("%s: got %v, want %q", x.name, err, x.why)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 5*maxTotal {
			t.Errorf("%s took %d MB", x.name, used>>20)
		}
	}
}

// An artefact whose digests are right and whose archive is evil leaves nothing behind.
func TestPullRefusesEvilArchives(t *testing.T) {
	a := mustPack(t, shop())
	a.replaceLayer(t, evil(t, &tar.Header{Name: "catalogue.yaml"}, &tar.Header{Name: "../evil"}))
	r := mustPush(t, a, "oci-layout:"+filepath.Join(t.TempDir(), "layout"), nil)
	dir := t.TempDir()
	_, err := Pull(t.Context(), r.Reference, filepath.Join(dir, "shop"), false, Options{})
	refused(t, err, ErrNoCatalogue, ExitRefused)
	if names := list(dir); len(names) > 0 {
		t.Errorf("%v was left behind", names)
	}
}

func FuzzUnpack(f *testing.F) {
	a, err := Pack(shop(), "shop")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.layer)
	f.Fuzz(func(t *testing.T, archive []byte) {
		all, err := unpack(archive)
		if err != nil {
			return
		}
		// What is taken can be packed, and is the same when it is unpacked again.
		packed, err := all.pack()
		if err != nil {
			t.Fatalf("cannot pack %d files: %v", len(all), err)
		}
		again, err := unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(all, again, cmp.AllowUnexported(file{}), cmp.Comparer(bytes.Equal)); d != "" {
			t.Error(d)
		}
	})
}

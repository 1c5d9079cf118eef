package load

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ReadFile reads a file that a user named or that lies where Fairway looks. What is no file, such as a pipe that nobody writes to, is refused, and so
// is what is larger than DefaultMaxFileBytes. The error is an *fs.PathError.
func ReadFile(name string) ([]byte, error) {
	f, err := realDisk{}.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.IsDir() && !isDescriptor(name) {
		err = fit(name, info)
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, DefaultMaxFileBytes+1))
	if err == nil && len(data) > DefaultMaxFileBytes {
		err = tooLarge(name)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// fit refuses what is no file, and what is too large.
func fit(name string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is %s, no file", what(info.Mode()))}
	case info.Size() > DefaultMaxFileBytes:
		return tooLarge(name)
	}
	return nil
}

func tooLarge(name string) error {
	return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is larger than %d MiB", DefaultMaxFileBytes>>20)}
}

// Folder is the files of a folder. Links in it may lead to other places of the Git repository that it is in, without one of itself, and nowhere else;
// reading refuses what ReadFile refuses.
type Folder struct {
	root *os.Root
	at   string // of the folder in root
}

// OpenFolder opens a folder. It has to be closed.
func OpenFolder(dir string) (*Folder, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, err
	}
	top := Repository(real)
	if top == "" {
		top = real
	}
	at, err := filepath.Rel(top, real)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, err
	}
	return &Folder{root, at}, nil
}

// Repository returns the Git repository that a folder, an absolute path, is in, "" when it is in none. Git is not started for it.
func Repository(dir string) string {
	return (&loader{Options: Options{disk: realDisk{}}}).repositoryOf(dir)
}

// Close ends the use of a folder.
func (f *Folder) Close() error { return f.root.Close() }

// Open opens a file or folder by its name, which is relative and has forward slashes.
func (f *Folder) Open(name string) (fs.File, error) {
	info, err := f.Stat(name)
	if err == nil && !info.IsDir() {
		err = fit(name, info)
	}
	if err != nil {
		return nil, err
	}
	file, err := f.root.Open(filepath.Join(f.at, filepath.FromSlash(name)))
	if err != nil {
		return nil, outside(name, err)
	}
	return file, nil
}

// Stat describes what a name leads to.
func (f *Folder) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	info, err := f.root.Stat(filepath.Join(f.at, filepath.FromSlash(name)))
	if err != nil {
		return nil, outside(name, err)
	}
	return info, nil
}

// Holds returns an error when writing to a name would leave the folder through a link.
func (f *Folder) Holds(name string) error {
	if _, err := f.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// outside says in plain words that a link leads out. Package os has no error to compare with.
func outside(name string, err error) error {
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return err
	}
	if strings.Contains(p.Err.Error(), "escapes") {
		return &fs.PathError{Op: p.Op, Path: name, Err: errors.New("is a link that leads out of the folder")}
	}
	return &fs.PathError{Op: p.Op, Path: name, Err: p.Err}
}

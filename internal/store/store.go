// Package store writes files so that a reader or a crash never sees half of one.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces the content of a file, or creates it with mode 0644 less the umask. The new content is written beside it and
// moved into place, so that at any moment the file is either the old or the new one. An existing file keeps its mode; a symbolic
// link stays one and its target is replaced. A file that may not be written is refused, although renaming over it would work.
func WriteFile(name string, data []byte) error {
	target, temporary, err := stage(name, data)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, target); err != nil {
		os.Remove(temporary)
		return err
	}
	return nil
}

// stage writes what a file is to hold beside it.
func stage(name string, data []byte) (target, temporary string, err error) {
	target, err = filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = name, nil
	}
	if err != nil {
		return "", "", err
	}
	mode := fs.FileMode(0)
	if info, err := os.Stat(target); err == nil {
		if !info.Mode().IsRegular() {
			return "", "", fmt.Errorf("write %s: it is not a regular file", name)
		}
		mode = info.Mode().Perm()
		w, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return "", "", err
		}
		w.Close()
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".fairway-*")
	if err != nil {
		return "", "", err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return "", "", err
	}
	if mode == 0 {
		mode = 0o666 &^ umask()
	}
	if err := f.Chmod(mode); err != nil {
		return "", "", err
	}
	if err := f.Sync(); err != nil {
		return "", "", err
	}
	return target, f.Name(), f.Close()
}

// File is a file to be written, or to be removed.
type File struct {
	Name   string
	Data   []byte
	Remove bool
}

// WriteFiles writes files as WriteFile does, and makes the folders that are missing. All of them are written beside their places before
// the first is moved, so that a full disk or a folder that may not be written changes nothing. They are moved, and those to be removed are
// removed, one after the other: what a reader has to find only when all the rest is there comes last.
func WriteFiles(files []File) error {
	targets, staged := make([]string, len(files)), make([]string, len(files))
	defer func() {
		for _, name := range staged {
			if name != "" {
				os.Remove(name) // those that were moved are gone already
			}
		}
	}()
	for i, f := range files {
		if f.Remove {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o777); err != nil {
			return err
		}
		var err error
		if targets[i], staged[i], err = stage(f.Name, f.Data); err != nil {
			return err
		}
	}
	for i, f := range files {
		if f.Remove {
			if err := os.Remove(f.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		} else if err := os.Rename(staged[i], targets[i]); err != nil {
			return err
		}
	}
	return nil
}

package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options say what a bed is made of.
type Options struct {
	Program string // the binary that Build makes
	Dir     string // the bed's folder; made if missing, its last bed ended first
	Node    bool   // a node as well: needs root, containerd and runc
	Outlive bool   // the bed stays when this program ends; otherwise it goes, however the program ends
}

// A Bed is a running cluster. Its methods may be called by one goroutine at a time.
type Bed struct {
	dir string
	state
	keeper *process // nil for a bed that outlives the program that started it
	lease  *os.File // the keeper waits for its end
}

// state is what dir/state.json keeps, so that another program can end a bed, that of a run that crashed too.
type state struct {
	Program   string     `json:"program"`
	Server    string     `json:"server"` // URL of the API server
	Processes []*process `json:"processes"`
	Node      *node      `json:"node,omitempty"`
}

const stateFile = "state.json"

// Up starts a bed and returns when it is ready. On an error, a cancelled ctx among them, everything it started is ended; the
// logs stay in the folder.
func Up(ctx context.Context, o Options) (*Bed, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Node {
		if err := NodeNeeds(); err != nil {
			return nil, err
		}
	}
	if err := clear(dir); err != nil {
		return nil, err
	}
	b := &Bed{dir: dir, state: state{Program: o.Program}}
	for _, sub := range []string{"pki", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := b.up(ctx, o); err != nil {
		err = errors.Join(err, b.end())
		b.endKeeper()
		return nil, err
	}
	return b, nil
}

func (b *Bed) up(ctx context.Context, o Options) error {
	if !o.Outlive {
		if err := b.startKeeper(); err != nil {
			return err
		}
	}
	if o.Node {
		// Before the control plane, which listens on the node's link and gives out the node's ranges.
		if err := b.claimNode(); err != nil {
			return err
		}
	}
	ca, err := b.startControlPlane(ctx)
	if err != nil {
		return err
	}
	if o.Node {
		return b.startNode(ctx, ca)
	}
	return nil
}

// Open finds the bed of a folder that another program started.
func Open(dir string) (*Bed, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(dir)
	}
	if err != nil {
		return nil, err
	}
	b := &Bed{dir: dir}
	if err := json.Unmarshal(text, &b.state); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, stateFile), err)
	}
	// Down removes the whole folder: that of another program, with a state of its own, is none of ours.
	if b.Program == "" || slices.Contains(b.Processes, nil) {
		return nil, fmt.Errorf("%s is not a testbed's: name its folder, or an empty one", filepath.Join(dir, stateFile))
	}
	for _, p := range b.Processes {
		p.log = filepath.Join(dir, "log", p.Name+".log")
	}
	return b, nil
}

// notFound is the error of a folder without a bed. It is fs.ErrNotExist to errors.Is.
type notFound string

func (dir notFound) Error() string {
	return "no testbed in " + string(dir) + ": start one with testbed up"
}

func (notFound) Is(target error) bool { return target == fs.ErrNotExist }

// Down ends every process of the bed and removes its folder.
func (b *Bed) Down() error {
	switch unlock, err := b.lock(); {
	case err == nil:
		defer unlock()
	case !errors.Is(err, fs.ErrNotExist): // another program may have taken it down
		return err
	}
	if err := b.end(); err != nil {
		return err
	}
	err := os.RemoveAll(b.dir)
	b.endKeeper()
	return err
}

// RestartKubelet ends the node's kubelet as an init system does, starts it again with the same arguments, and returns when the new
// one has reported the node ready. Pods go on. When it fails the bed is as it was but for a kubelet that is gone or not ready.
func (b *Bed) RestartKubelet(ctx context.Context) error {
	if b.Node == nil {
		return errors.New("this testbed has no node whose kubelet could be restarted: start it with a node")
	}
	client, err := b.client()
	if err != nil {
		return err
	}
	kubelet, since, err := b.replaceKubelet()
	if err != nil {
		return err
	}
	return await(ctx, kubelet, readyLimit, func(ctx context.Context) error { return nodeReady(ctx, client, b.Server, since) })
}

// replaceKubelet returns the new process and when the old one had ended.
func (b *Bed) replaceKubelet() (*process, time.Time, error) {
	unlock, err := b.lock()
	if err != nil {
		return nil, time.Time{}, err
	}
	defer unlock()
	i := slices.IndexFunc(b.Processes, func(p *process) bool { return p.Name == "kubelet" })
	if i < 0 {
		return nil, time.Time{}, fmt.Errorf("%s names no kubelet: the testbed's start did not come that far", filepath.Join(b.dir, stateFile))
	}
	if err := b.Processes[i].end(); err != nil {
		return nil, time.Time{}, err
	}
	ended := time.Now()
	b.Processes = slices.Delete(b.Processes, i, i+1)
	kubelet, err := b.start("kubelet", b.kubelet()...)
	return kubelet, ended, err
}

// lock keeps other programs from changing the bed until unlock is called, and learns what they have changed: testbed restart works
// on a bed that testbed up --hold holds.
func (b *Bed) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(b.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(b.dir)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	now, err := Open(b.dir)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	for i, p := range now.Processes {
		own := slices.IndexFunc(b.Processes, func(o *process) bool { return o.PID == p.PID && o.Began == p.Began })
		if own >= 0 {
			now.Processes[i] = b.Processes[own] // it can be waited for
		}
	}
	b.state = now.state
	return func() { _ = f.Close() }, nil
}

// clear ends the bed that a folder may hold and empties the folder. A folder of something else is left alone.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	old, err := Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds files that are no testbed: name an empty folder", dir)
	}
	if err != nil {
		return err
	}
	return old.Down()
}

// end ends every process, the last started first, and takes down what they set up outside the folder.
func (b *Bed) end() error {
	var faults []error
	for _, p := range slices.Backward(b.Processes) {
		if p.Name == "containerd" {
			faults = append(faults, b.endPods())
		}
		faults = append(faults, p.end())
	}
	if b.Node != nil {
		faults = append(faults, b.release())
	}
	return errors.Join(faults...)
}

// Dir is the bed's folder.
func (b *Bed) Dir() string { return b.dir }

// Kubeconfig is the path of a kubeconfig file with all rights.
func (b *Bed) Kubeconfig() string { return filepath.Join(b.dir, "pki", "admin.kubeconfig") }

// Kubectl runs kubectl against the bed with all rights and returns what it printed. Input is its standard input. An error holds
// what it said.
func (b *Bed) Kubectl(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.Program, append([]string{"kubectl", "--kubeconfig=" + b.Kubeconfig()}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &said
	// Its caches of what the API server offers are the bed's, not the user's.
	cmd.Env = append(os.Environ(), "HOME="+b.dir)
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// start starts a process of the bed. It becomes args only when it is written down: if this program is killed before, it ends.
func (b *Bed) start(name string, args ...string) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer w.Close()
	p, err := start(b.dir, name, r, append([]string{"sh", "-c", `read go && exec "$@" </dev/null`, "sh"}, args...)...)
	if err != nil {
		return nil, err
	}
	b.Processes = append(b.Processes, p)
	if err := b.save(); err != nil {
		return nil, err
	}
	_, err = w.WriteString("go\n")
	return p, err
}

func (b *Bed) save() error {
	text, err := json.MarshalIndent(b.state, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(b.dir, stateFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// await asks ready every 100 ms until it gives nil. It gives up when p ends, when limit is over or ctx is done, and then says
// what ready said last.
func await(ctx context.Context, p *process, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not ready within %s", limit))
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("%s ended: %s:\n%s", p.Name, p.log, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w; %s:\n%s", p.Name, context.Cause(ctx), err, p.log, p.tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

package testbed

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fairway-k8s/fairway/testbed/internal/image"
)

// A node is the one machine of a bed that runs pods. Everything of it but its processes and files is in a network namespace, so
// that its address, its firewall rules and its routes go when the namespace goes, and beds do not see each other.
//
//	this machine            node's namespace                 pods
//	10.200.N.1 fwtbN ------ eth0 10.200.N.2 -- one link each -- 10.201.N.0/24
//	API server              kubelet, kube-proxy, DNS
//
// This machine has routes through the node to the pods and to the Services, 10.202.N.0/24, and forwards nothing else.
type node struct {
	Number     int    `json:"number"`
	HostIP     string `json:"hostIP"`
	IP         string `json:"ip"`
	PodNet     string `json:"podNet"`
	ServiceNet string `json:"serviceNet"`
}

const (
	nodeName   = "node"
	pauseImage = "localhost/fairway-testbed/pause:1"
	pluginDir  = "/usr/lib/cni"
)

//go:embed internal/pause/main.go
var pauseSource []byte

//go:embed dns.yaml
var dnsManifests string

// link names the node's network namespace, its link on this machine and its cgroup.
func (n *node) link() string { return "fwtb" + strconv.Itoa(n.Number) }

// serviceIP is an address of the Service range: 1 is the API server's, 10 cluster DNS's, as kubeadm gives them out.
func (n *node) serviceIP(host int) string { return fmt.Sprintf("10.202.%d.%d", n.Number, host) }

// inside is a command line that runs args in the node's network namespace. Unlike ip netns exec it leaves the mounts alone:
// kubelet and containerd must see the same.
func (n *node) inside(args ...string) []string {
	return append([]string{"nsenter", "--net=/run/netns/" + n.link(), "--"}, args...)
}

// Lacks is the error of a machine that cannot run a node: what is missing.
type Lacks []string

func (l Lacks) Error() string {
	return "a node needs " + strings.Join(l, ", ") +
		", missing here (Debian: apt-get install containerd runc containernetworking-plugins iptables iproute2)"
}

// NodeNeeds returns in one sentence what a node lacks on this machine, as Lacks, or nil. A test that needs a node skips by it.
func NodeNeeds() error {
	var lacks Lacks
	if os.Geteuid() != 0 {
		lacks = append(lacks, "root")
	}
	for _, program := range []string{"containerd", "ctr", "runc", "ip", "iptables", "nsenter", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			lacks = append(lacks, program)
		}
	}
	for _, plugin := range []string{"ptp", "host-local", "portmap"} {
		if _, err := os.Stat(filepath.Join(pluginDir, plugin)); err != nil {
			lacks = append(lacks, filepath.Join(pluginDir, plugin))
		}
	}
	if lacks == nil {
		return nil
	}
	return lacks
}

// claimNode takes the lowest number that no other bed has and makes its network.
func (b *Bed) claimNode() error {
	if len(b.containerdSocket()) > 100 {
		return fmt.Errorf("%s is too long a path for a Unix socket (107 bytes): name a shorter folder", b.dir)
	}
	var err error
	for i := range 100 {
		n := &node{i, fmt.Sprintf("10.200.%d.1", i), fmt.Sprintf("10.200.%d.2", i), fmt.Sprintf("10.201.%d.0/24", i), fmt.Sprintf("10.202.%d.0/24", i)}
		// It fails when there is one of that name, which makes it a lock too.
		if err = command("ip", "netns", "add", n.link()); err != nil {
			continue
		}
		b.Node = n
		if err := b.save(); err != nil {
			return err
		}
		steps := [][]string{
			{"ip", "link", "add", n.link(), "type", "veth", "peer", "name", "eth0", "netns", n.link()},
			{"ip", "addr", "add", n.HostIP + "/30", "dev", n.link()},
			{"ip", "link", "set", n.link(), "up"},
			n.inside("ip", "link", "set", "lo", "up"),
			n.inside("ip", "addr", "add", n.IP+"/30", "dev", "eth0"),
			n.inside("ip", "link", "set", "eth0", "up"),
			n.inside("ip", "route", "add", "default", "via", n.HostIP),
			// /proc/sys/net is that of the namespace of who opens it.
			n.inside("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"),
			{"ip", "route", "add", n.PodNet, "via", n.IP},
			{"ip", "route", "add", n.ServiceNet, "via", n.IP},
		}
		for _, step := range steps {
			if err := command(step...); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}

// release takes down what a node leaves outside the folder when its processes have ended.
func (b *Bed) release() error {
	n := b.Node
	var faults []error
	for _, mount := range mountsUnder(b.dir) {
		faults = append(faults, syscall.Unmount(mount, syscall.MNT_DETACH))
	}
	for _, dir := range cgroupDirs(n.link()) {
		faults = append(faults, removeCgroup(dir))
	}
	// What libcni remembers of the killed pods and kubelet's links to their logs are in folders whose names are fixed. It names the
	// pod's network namespace, which is in this folder.
	results, _ := filepath.Glob("/var/lib/cni/results/*")
	for _, r := range results {
		if text, err := os.ReadFile(r); err == nil && bytes.Contains(text, []byte(b.dir+"/")) {
			faults = append(faults, os.Remove(r))
		}
	}
	links, _ := filepath.Glob("/var/log/containers/*.log")
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil && strings.HasPrefix(target, b.dir+"/") {
			faults = append(faults, os.Remove(l))
		}
	}
	if _, err := os.Stat("/run/netns/" + n.link()); err == nil {
		// The link first: the namespace itself may live a moment longer than its name.
		if _, err := os.Stat("/sys/class/net/" + n.link()); err == nil {
			faults = append(faults, command("ip", "link", "del", n.link()))
		}
		faults = append(faults, command("ip", "netns", "del", n.link()))
	}
	return errors.Join(faults...)
}

func (b *Bed) containerdSocket() string { return filepath.Join(b.dir, "containerd.sock") }

// startNode starts containerd, kubelet, kube-proxy and cluster DNS and waits until the node is ready and names resolve.
func (b *Bed) startNode(ctx context.Context, ca *authority) error {
	n := b.Node
	in := func(name string) string { return filepath.Join(b.dir, name) }
	for _, dir := range []string{"cni/conf", "kubelet/plugins", "log/pods", "coredns"} {
		if err := os.MkdirAll(in(dir), 0o755); err != nil {
			return err
		}
	}
	type object = map[string]any
	files := map[string]any{
		"cni/conf/10-testbed.conflist": object{"cniVersion": "0.4.0", "name": n.link(), "plugins": []object{
			// A link for each pod and routes between them: packets between pods pass the node's firewall, and so kube-proxy's rules,
			// also where the kernel does not send a bridge's packets there.
			{"type": "ptp", "ipMasq": false, "ipam": object{"type": "host-local", "dataDir": in("cni/data"),
				"ranges": [][]object{{{"subnet": n.PodNet}}}, "routes": []object{{"dst": "0.0.0.0/0"}}}},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		}},
		"kubelet.yaml": object{
			"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
			"containerRuntimeEndpoint": "unix://" + b.containerdSocket(),
			"cgroupDriver":             "cgroupfs", "cgroupRoot": "/" + n.link(), "failCgroupV1": false, "failSwapOn": false,
			"address": n.IP, "healthzBindAddress": loopback,
			"clusterDNS": []string{n.serviceIP(10)}, "clusterDomain": "cluster.local", "resolvConf": in("resolv.conf"),
			"tlsCertFile": in("pki/kubelet.crt"), "tlsPrivateKeyFile": in("pki/kubelet.key"),
			"authentication": object{"anonymous": object{"enabled": false}, "webhook": object{"enabled": true},
				"x509": object{"clientCAFile": in("pki/ca.crt")}},
			"authorization": object{"mode": "Webhook"},
			"evictionHard":  object{"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
			"oomScoreAdj":   0, "podLogsDir": in("log/pods"), "volumePluginDir": in("kubelet/plugins"),
			// Tests wait for these.
			"nodeStatusUpdateFrequency": "4s", "syncFrequency": "10s", "registerWithTaints": []object{},
		},
		"kube-proxy.yaml": object{
			"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
			"clientConnection": object{"kubeconfig": in("pki/kube-proxy.kubeconfig")}, "hostnameOverride": nodeName,
			"mode": "iptables", "clusterCIDR": n.PodNet, "metricsBindAddress": loopback + ":10249", "healthzBindAddress": loopback + ":10256",
			// The size of the connection table is the machine's, not the namespace's.
			"conntrack":   object{"maxPerCore": 0, "min": 0},
			"oomScoreAdj": 0,
		},
	}
	for name, content := range files {
		text, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(in(name), text, 0o600); err != nil {
			return err
		}
	}
	texts := map[string]string{
		"containerd.toml": fmt.Sprintf(`version = 2
root = %q
state = %q
[grpc]
  address = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true # without CAP_SYS_RESOURCE runc can start no pod otherwise
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
`, in("containerd/root"), in("containerd/state"), b.containerdSocket(), pauseImage, pluginDir, in("cni/conf")),
		// What a pod with dnsPolicy Default gets: there is no name server outside.
		"resolv.conf": "nameserver " + n.IP + "\n",
		"Corefile": fmt.Sprintf(`.:53 {
    bind %s
    errors
    ready %s:8181
    kubernetes cluster.local in-addr.arpa {
        kubeconfig %s
        pods insecure
    }
    cache 5
    loadbalance
}
`, n.IP, n.IP, in("pki/coredns.kubeconfig")),
	}
	for name, text := range texts {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := ca.issue("kubelet", "system:node:"+nodeName, "system:nodes", n.IP, nodeName); err != nil {
		return err
	}
	for _, user := range [][3]string{
		{"node", "system:node:" + nodeName, "system:nodes"},
		{"kube-proxy", "system:kube-proxy", ""},
		{"coredns", "system:coredns", ""},
	} {
		if _, err := ca.kubeconfig(user[0], user[1], user[2], b.Server); err != nil {
			return err
		}
	}
	for _, dir := range cgroupDirs(n.link()) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}

	containerd, err := b.start("containerd", n.inside("containerd", "--config="+in("containerd.toml"))...)
	if err != nil {
		return err
	}
	// While it starts.
	pause, err := buildPause(ctx, b.dir)
	if err != nil {
		return err
	}
	if err := await(ctx, containerd, readyLimit, func(ctx context.Context) error {
		return command("ctr", "--address="+b.containerdSocket(), "version")
	}); err != nil {
		return err
	}
	if err := b.importImage(ctx, pauseImage, pause); err != nil {
		return err
	}
	kubelet, err := b.start("kubelet", b.kubelet()...)
	if err != nil {
		return err
	}
	if _, err := b.start("kube-proxy", n.inside(b.Program, "kube-proxy", "--config="+in("kube-proxy.yaml"))...); err != nil {
		return err
	}
	manifests := strings.NewReplacer("SERVICE_IP", n.serviceIP(10), "NODE_IP", n.IP).Replace(dnsManifests)
	if _, err := b.Kubectl(ctx, manifests, "apply", "-f", "-"); err != nil {
		return err
	}
	dns, err := b.start("coredns", n.inside(b.Program, "coredns", "-conf="+in("Corefile"))...)
	if err != nil {
		return err
	}
	client, err := b.client()
	if err != nil {
		return err
	}
	if err := await(ctx, kubelet, readyLimit, func(ctx context.Context) error { return nodeReady(ctx, client, b.Server, time.Time{}) }); err != nil {
		return err
	}
	return await(ctx, dns, readyLimit, func(ctx context.Context) error {
		return get(ctx, client, "http://"+n.IP+":8181/ready")
	})
}

// kubelet is the kubelet's command line.
func (b *Bed) kubelet() []string {
	in := func(name string) string { return filepath.Join(b.dir, name) }
	return b.Node.inside(b.Program, "kubelet", "--config="+in("kubelet.yaml"), "--kubeconfig="+in("pki/node.kubeconfig"),
		"--root-dir="+in("kubelet"), "--cert-dir="+in("pki"), "--hostname-override="+nodeName, "--node-ip="+b.Node.IP)
}

// nodeReady gives nil when the node's condition Ready is True, as reported after since, and nothing keeps pods off it.
func nodeReady(ctx context.Context, client *http.Client, server string, since time.Time) error {
	body, err := fetch(ctx, client, server+"/api/v1/nodes/"+nodeName)
	if err != nil {
		return err
	}
	var object struct {
		Spec struct {
			Taints []struct{ Key string }
		}
		Status struct {
			Conditions []struct {
				Type, Status, Message string
				LastHeartbeatTime     time.Time
			}
		}
	}
	if err := json.Unmarshal(body, &object); err != nil {
		return err
	}
	for _, taint := range object.Spec.Taints {
		return fmt.Errorf("the node has the taint %s", taint.Key)
	}
	for _, c := range object.Status.Conditions {
		switch {
		case c.Type != "Ready":
		case !c.LastHeartbeatTime.After(since):
			return errors.New("the node has said nothing since " + since.Format(time.TimeOnly))
		case c.Status == "True":
			return nil
		default:
			return errors.New(c.Message)
		}
	}
	return errors.New("the node has said nothing yet")
}

// Load builds the Go program of a package (a folder or an import path) without cgo, makes an image of it and gives it to the node
// as ref, a name with a tag such as localhost/shop:1. Pods that use it need imagePullPolicy Never or IfNotPresent.
func (b *Bed) Load(ctx context.Context, ref, pkg string) error {
	if b.Node == nil {
		return errors.New("this testbed has no node to load an image on: start it with a node")
	}
	program, err := buildStatic(ctx, b.dir, pkg)
	if err != nil {
		return err
	}
	return b.importImage(ctx, ref, program)
}

func (b *Bed) importImage(ctx context.Context, ref string, program []byte) error {
	path := filepath.Join(b.dir, "image.tar")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	if err := errors.Join(image.Write(f, ref, program), f.Close()); err != nil {
		return err
	}
	return command("ctr", "--address="+b.containerdSocket(), "--namespace=k8s.io", "images", "import", path)
}

func buildPause(ctx context.Context, dir string) ([]byte, error) {
	source := filepath.Join(dir, "pause.go")
	if err := os.WriteFile(source, pauseSource, 0o600); err != nil {
		return nil, err
	}
	return buildStatic(ctx, dir, source)
}

func buildStatic(ctx context.Context, dir, pkg string) ([]byte, error) {
	out, err := filepath.Abs(filepath.Join(dir, "program"))
	if err != nil {
		return nil, err
	}
	in := "."
	if info, err := os.Stat(pkg); err == nil && info.IsDir() {
		in, pkg = pkg, "." // a folder may be of another module than the current one
	}
	if _, err := goTool(ctx, "build", "-C", in, "-trimpath", "-ldflags", "-s -w", "-o", out, pkg); err != nil {
		return nil, err
	}
	defer os.Remove(out)
	return os.ReadFile(out)
}

// endPods kills every container and its shim. It is called when kubelet has ended and containerd not yet, and asks neither: after
// a crash they may be gone.
func (b *Bed) endPods() error {
	sockets, _ := filepath.Glob(filepath.Join(b.dir, "containerd/state/io.containerd.runtime.v2.task/k8s.io/*/address"))
	var shims []string
	for _, s := range sockets {
		if text, err := os.ReadFile(s); err == nil {
			shims = append(shims, strings.TrimPrefix(strings.TrimSpace(string(text)), "unix://"))
		}
	}
	ended := waitFor(grace, func() bool {
		pids := slices.Concat(cgroupProcesses(b.Node.link()), b.shims())
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return len(pids) == 0
	})
	for _, s := range shims {
		_ = os.Remove(s) // a killed shim leaves its socket; there may be none
	}
	if !ended {
		return fmt.Errorf("containers of %s do not end", b.dir)
	}
	return nil
}

// shims are the processes that hold containers of this bed: containerd-shim with this bed's socket as its address.
func (b *Bed) shims() []int {
	var pids []int
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		args := strings.Split(string(text), "\x00")
		if strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") && slices.Contains(args, b.containerdSocket()) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && running(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func running(pid int) bool {
	_, state, ok := stat(pid)
	return ok && state != "Z"
}

// cgroupDirs are the folders of a cgroup: one in the unified hierarchy, else one for each controller and the unified one
// beside them, where runc makes one too.
func cgroupDirs(name string) []string {
	const root = "/sys/fs/cgroup"
	if _, err := os.Stat(root + "/cgroup.controllers"); err == nil {
		return []string{filepath.Join(root, name)}
	}
	var dirs []string
	tops, _ := filepath.Glob(root + "/*/cgroup.procs")
	for _, top := range tops {
		dirs = append(dirs, filepath.Join(filepath.Dir(top), name))
	}
	return dirs
}

// cgroupProcesses are the processes of a cgroup and those below it.
func cgroupProcesses(name string) []int {
	var pids []int
	for _, dir := range cgroupDirs(name) {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Name() == "cgroup.procs" {
				text, _ := os.ReadFile(path)
				for line := range strings.Lines(string(text)) {
					if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && running(pid) {
						pids = append(pids, pid)
					}
				}
			}
			return nil // a folder that goes while it is read has no processes
		})
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// removeCgroup removes a cgroup and those below it. Only empty folders can be, the deepest first; their files go with them.
func removeCgroup(dir string) error {
	var dirs []string
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for _, d := range slices.Backward(dirs) {
		// The kernel may need a moment after the last process.
		var err error
		waitFor(2*time.Second, func() bool { err = syscall.Rmdir(d); return err == nil || errors.Is(err, fs.ErrNotExist) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", d, err)
		}
	}
	return nil
}

// mountsUnder are the mounts below a folder, the last mounted first.
func mountsUnder(dir string) []string {
	text, _ := os.ReadFile("/proc/self/mountinfo")
	var mounts []string
	for line := range strings.Lines(string(text)) {
		// proc(5): field 5 is the mount point, with a space written as \040.
		if fields := strings.Fields(line); len(fields) > 4 {
			if path := strings.ReplaceAll(fields[4], `\040`, " "); strings.HasPrefix(path, dir+"/") {
				mounts = append(mounts, path)
			}
		}
	}
	slices.Reverse(mounts)
	return mounts
}

// command runs a short command; an error holds what it said.
func command(args ...string) error {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

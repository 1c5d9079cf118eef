//go:build !kube133 && !kube134 && !kube135

package kubelet

// A pod can be looked at again before the next relist.

func requestRelist(k *full) { k.pleg.RequestRelist(k.m.pod.UID) }

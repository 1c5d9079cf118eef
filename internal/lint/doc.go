// Package lint is the check itself: from trees to objects, from objects to findings, from findings to mended files.
//
// It joins what the other engines do, and decides nothing about Kubernetes itself: package apiserver says what an object means
// and whether the API server takes it, package cluster how objects relate, the rule families what is wrong, package source how a
// file is changed. All of it is a pure function of the input, the options and the day.
//
// # Mending
//
// [Fix] applies the fixes of findings, and keeps an edit only when all of these hold:
//
//  1. no byte outside the edit changes, and an independent reader confirms the meaning (package source);
//  2. what the API server took before, it still takes;
//  3. the finding is gone, and a second run changes nothing;
//  4. no rule that was silent for the file before speaks now;
//  5. no value is invented: a fix only writes what follows from the manifests or is a default of Kubernetes' own (a duty of rules).
//
// Kustomizations are built once more with the mended files, and what harms a build is not done.
//
// What fails one of them is left as it was and counted as not mended.
package lint

// Package load turns paths into positioned object trees: files, folders, standard input, kustomize folders and Helm charts. All
// reading of what is linted happens here.
//
// # Words
//
//	path      what a user names: a file, a folder, or - for standard input
//	tree      one Kubernetes object as it was read, a List's items one by one
//	build     objects that kustomize or helm made of files; they are looked at instead of the files they came from
//	origin    the tree, in a file, that a built object came from
//	scope     the objects that are applied together: the folder of a file, or the folder of a build
//	skipped   input that is left aside for a stated reason (see Reasons)
//	failure   input that could not be read; everything else is read all the same
//
// # What is read
//
// In a folder: files ending in .yaml, .yml and .json, through all its folders except hidden ones, node_modules and vendor. A file
// that is named is read whatever it is called. A folder with a kustomization is built, in process, when no other kustomization
// in the input refers to it; a folder with a Chart.yaml is rendered by the user's helm when there is one. Nothing is ever
// fetched from a network, and no plugin, function or hook is run.
//
// What files refer to, by a path or by a symbolic link, is read inside a fence only: the Git repository that they are in, or without
// one the folder that the user named. What is no regular file is never waited for.
//
// Every document ends in one of three ways: as a tree (or as part of a build), as skipped, or as a failure.
//
// # What it leaves out
//
// What the objects mean: package lint turns trees into objects of a snapshot.
package load

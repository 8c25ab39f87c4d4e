use std::hash::Hash;

use ahash::RandomState;
use hashbrown::HashTable;

/// A node of the trie; the root of each application is a node without text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

#[derive(Debug)]
struct Node {
    parent: NodeId,
    text: Box<str>,
    literal_children: u16,
}

/// Nodes of all applications in one arena, found by (parent, text). Only grows, up to its bound.
#[derive(Debug)]
pub struct Trie {
    nodes: Vec<Node>,
    by_parent_and_text: HashTable<NodeId>,
    hasher: RandomState,
    max_nodes: usize,
}

impl Trie {
    pub fn new(max_nodes: usize) -> Self {
        Self {
            nodes: Vec::new(),
            by_parent_and_text: HashTable::new(),
            hasher: RandomState::with_seeds(21, 22, 23, 24),
            max_nodes,
        }
    }

    /// A new root, or `None` where the bound is reached.
    pub fn add_root(&mut self) -> Option<NodeId> {
        (self.nodes.len() < self.max_nodes).then(|| {
            let id = NodeId(self.nodes.len() as u32);
            self.nodes.push(Node { parent: id, text: "".into(), literal_children: 0 });
            id
        })
    }

    pub fn find(&self, parent: NodeId, text: &str) -> Option<NodeId> {
        let hash = self.hasher.hash_one((parent, text));
        self.by_parent_and_text
            .find(hash, |&id| {
                let node = &self.nodes[id.0 as usize];
                node.parent == parent && *node.text == *text
            })
            .copied()
    }

    /// Adds a child that [`Trie::find`] did not find; `None` where the bound is reached.
    pub fn add(&mut self, parent: NodeId, text: &str, is_literal: bool) -> Option<NodeId> {
        let id = self.add_root()?;
        self.nodes[id.0 as usize] = Node { parent, text: text.into(), literal_children: 0 };
        self.nodes[parent.0 as usize].literal_children += u16::from(is_literal);
        let Self { nodes, hasher, .. } = self;
        let hash_of = |id: &NodeId| {
            let node = &nodes[id.0 as usize];
            hasher.hash_one((node.parent, &*node.text))
        };
        self.by_parent_and_text.insert_unique(hash_of(&id), id, hash_of);
        Some(id)
    }

    pub fn literal_children(&self, node: NodeId) -> usize {
        usize::from(self.nodes[node.0 as usize].literal_children)
    }

    /// Appends `/users/{id}`; nothing for a root.
    pub fn write_template(&self, node: NodeId, out: &mut String) {
        let Node { parent, text, .. } = &self.nodes[node.0 as usize];
        if *parent != node {
            self.write_template(*parent, out);
            out.push('/');
            out.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_added_and_writes_templates() {
        let mut trie = Trie::new(4);
        let root = trie.add_root().unwrap();
        let users = trie.add(root, "users", true).unwrap();
        let id = trie.add(users, "{id}", false).unwrap();
        assert_eq!(trie.find(root, "users"), Some(users));
        assert_eq!(trie.find(users, "users"), None);
        assert_eq!((trie.literal_children(root), trie.literal_children(users)), (1, 0));
        let mut template = String::new();
        trie.write_template(id, &mut template);
        assert_eq!(template, "/users/{id}");
    }

    #[test]
    fn stops_at_its_bound() {
        let mut trie = Trie::new(2);
        let root = trie.add_root().unwrap();
        assert!(trie.add(root, "a", true).is_some());
        assert_eq!(trie.add(root, "b", true), None);
        assert_eq!(trie.add_root(), None);
    }
}

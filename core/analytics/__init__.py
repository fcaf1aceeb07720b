"""What the history of a pipeline tells: conversion, days in stages, time to hire."""

"""What the drawn photographs show, by name."""

from config.demo import scenes_fire, scenes_house

SCENES = {
    scene.__name__: scene
    for scene in (
        scenes_fire.corridor,
        scenes_fire.door,
        scenes_fire.extinguisher,
        scenes_fire.ebike,
        scenes_fire.stairs,
        scenes_fire.lamp,
        scenes_fire.window,
        scenes_house.board,
        scenes_house.kitchen,
        scenes_house.fridge,
        scenes_house.sockets,
        scenes_house.bathroom,
        scenes_house.casement,
        scenes_house.papers,
        scenes_house.slope,
    )
}
